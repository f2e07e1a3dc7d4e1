package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"
)

// row returns the id of a question in the editor, by its number from 1.
func (v *visitor) row(number int) string {
	v.t.Helper()
	v.until(fmt.Sprintf("question %d", number),
		fmt.Sprintf(`document.querySelectorAll("[data-rows] > [data-row]").length >= %d`, number))
	return eval[string](v, fmt.Sprintf(`document.querySelectorAll("[data-rows] > [data-row]")[%d].dataset.row`, number-1))
}

// addQuestion adds one at the end, and returns its id.
func (v *visitor) addQuestion(number int, kind, label string) string {
	v.t.Helper()
	v.click(`button[name="edit-questions"][value="add"]`)
	id := v.row(number)
	v.until("the focus in the new question", fmt.Sprintf(`document.activeElement?.name === "q.%s.label"`, id))
	v.fill("q."+id+".label", label)
	v.pick("q."+id+".kind", kind)
	return id
}

// pick chooses from a list, as a person does.
func (v *visitor) pick(name, value string) {
	v.t.Helper()
	eval[any](v, fmt.Sprintf(`(() => { const e = document.querySelector('main [name="%s"]'); e.value = %q;
		e.dispatchEvent(new Event("change", { bubbles: true })); })()`, name, value))
}

// testAsking builds questions in the editor, answers them with mistakes and without, edits an answer, reads the
// answers as an organizer, and asks the same in another competition.
func testAsking(t *testing.T, s site) {
	for _, c := range settings {
		t.Run(c.name, func(t *testing.T) {
			organizer := c.person(t, s.first(), "Olga Asks", "ORGANIZER")
			page, ids := askQuestions(organizer, "Asking Cup "+c.name, c.script)
			ada := c.person(t, s.first(), "Ada Answers", "PARTICIPANT")
			answerQuestions(ada, page, ids, c)
			addAnswered(organizer, c.person(t, s.first(), "Ben Added", "PARTICIPANT"), page, ids, c)
			readAnswers(organizer, page, ids, c)
			copyQuestions(organizer, "Asking Cup "+c.name, c)
		})
	}
}

// questionLabels are the labels in the editor, in order.
const questionLabels = `[...document.querySelectorAll('[data-rows] [name$=".label"]')].map((e) => e.value).join()`

// copyQuestions takes over the questions of an earlier competition, in another order.
func copyQuestions(v *visitor, from string, c setting) {
	v.t.Helper()
	v.open("/competitions/create")
	v.fill("title", "Copied Cup")
	v.click("[data-question-editor] > summary")
	eval[any](v, fmt.Sprintf(`(() => { const list = document.querySelector('[name="copyFrom"]');
		list.value = [...list.options].find((o) => o.text.startsWith(%q)).value; })()`, from))
	v.click(`button[name="edit-questions"][value="copy"]`)
	v.until("the questions", questionLabels+` === "T-shirt size,Under 18?,Guardian,I accept the rules"`)
	v.until("what was typed", `document.querySelector('[name="title"]').value === "Copied Cup"`)
	c.check(v, "the editor")
	if c.script {
		eval[any](v, `document.querySelector("[data-rows] > :nth-child(2)").scrollIntoView({block: "end"})`)
		x, y := v.middle("[data-rows] > :nth-child(2) [data-handle]")
		_, above := v.middle("[data-rows] > :first-child")
		v.mouse(input.DispatchMouseEventTypeMousePressed, x, y)
		v.mouse(input.DispatchMouseEventTypeMouseMoved, x, above-20)
		v.mouse(input.DispatchMouseEventTypeMouseReleased, x, above-20)
		v.until("the order after dragging", questionLabels+` === "Under 18?,T-shirt size,Guardian,I accept the rules"`)
	}
	v.click(`button[name="edit-questions"][value^="remove:"]`)
	v.until("one question less", `document.querySelectorAll("[data-rows] > *").length === 3`)
}

// addAnswered adds somebody with answers, after a mistake, and somebody who answers later.
func addAnswered(v, person *visitor, page string, ids []string, c setting) {
	v.t.Helper()
	name := func(id string) string { return `[name="answers.` + id + `"]` }
	v.open(page + "/registrations")
	v.click("#add > summary")
	v.fill("email", email(person.name))
	v.click("#add details > summary")
	v.click("#add label:has(" + name(ids[0]) + `[value="S"])`)
	v.click("#add .btn-primary")
	v.see(`#add [data-errors] a[href="#field-answers.`+ids[3]+`"]`, "I accept the rules")
	c.check(v, "the form to add somebody")
	v.until("what was chosen", `document.querySelector('`+name(ids[0])+`[value="S"]').checked`)
	v.click("#add label:has(" + name(ids[1]) + `[value="no"])`)
	v.click("#add label:has(" + name(ids[3]) + ")")
	v.click("#add .btn-primary")
	v.see("#flash", "added")
	person.open(page + "/answers")
	person.until("the answer", `document.querySelector('[name="answers.`+ids[0]+`"][value="S"]').checked`)
}

// askQuestions publishes a competition with four questions, the third with a condition, and returns their ids in order.
func askQuestions(v *visitor, title string, script bool) (page string, ids []string) {
	v.t.Helper()
	v.open("/competitions/create")
	v.fill("title", title)
	v.fill("capacity", "5")
	v.fill("zone", "UTC")
	v.set("regDeadline", local(time.Now().Add(48*time.Hour)))
	v.set("startDate", local(time.Now().Add(72*time.Hour)))
	v.click("[data-question-editor] > summary")
	size := v.addQuestion(1, "ONE_OF", "T-shirt size")
	v.fill("q."+size+".options", "S\nM")
	eval[any](v, fmt.Sprintf(`document.querySelector('[name="q.%s.required"]').click()`, size))
	minor := v.addQuestion(2, "YES_NO", "Under 18?")
	guardian := v.addQuestion(3, "TEXT", "Guardian")
	eval[any](v, fmt.Sprintf(`document.querySelector('[name="q.%s.required"]').click()`, guardian))
	if !script { // the list of conditions is made anew by the server
		v.click(`button[name="edit-questions"][value="up:` + guardian + `"]`)
		v.until("a moved question", questionLabels+` === "T-shirt size,Guardian,Under 18?"`)
		v.click(`button[name="edit-questions"][value="down:` + guardian + `"]`)
	} else {
		v.focus(`main button[value="up:` + guardian + `"]`)
		v.press(kb.Enter)
		v.until("another order", `[...document.querySelectorAll("[data-rows] > *")].at(-1).dataset.row === "`+minor+`"`)
		v.press(kb.Enter) // the focus moved along
		v.focus(`main button[value="down:` + guardian + `"]`)
		v.press(kb.Enter)
		v.press(kb.Enter)
	}
	v.until("the order as it was", questionLabels+` === "T-shirt size,Under 18?,Guardian"`)
	v.until("the conditions", fmt.Sprintf(`(() => { const d = document.querySelector('[data-conditions="%s"]');
		d.open = true; return d.querySelector('[value="%s=yes"]') !== null })()`, guardian, minor))
	eval[any](v, fmt.Sprintf(`document.querySelector('[name="q.%s.after"][value="%s=yes"]').click()`, guardian, minor))
	rules := v.addQuestion(4, "CONSENT", "I accept the rules")
	v.fill("q."+rules+".help", "Play **fair**.")
	eval[any](v, fmt.Sprintf(`document.querySelector('[name="q.%s.required"]').click()`, rules))
	v.click(`button[name="preview"]`)
	v.see("#preview", "T-shirt size")
	v.see("#preview .consent strong", "fair")
	v.click(`button[value="PUBLISHED"]`)
	v.see("h1", title)
	return v.at("/competitions/"), []string{size, minor, guardian, rules}
}

func answerQuestions(v *visitor, page string, ids []string, c setting) {
	v.t.Helper()
	size, minor, guardian := ids[0], ids[1], ids[2]
	name := func(id string) string { return `[name="answers.` + id + `"]` }
	v.open(page)
	v.click("#register")
	v.see("h1", "Register")
	c.check(v, "the form")
	if c.script {
		v.until("no question that isn't asked", `!document.querySelector('`+name(guardian)+`').checkVisibility()`)
	}
	v.click(`main label:has(` + name(minor) + `[value="yes"])`)
	eval[any](v, `document.querySelectorAll("main [required]").forEach((e) => e.required = false)`)
	v.click(`main form[data-questions] button.btn-primary`)
	v.see(`[data-errors] a[href="#field-answers.`+size+`"]`, "T-shirt size")
	v.see(`[data-errors] a[href="#field-answers.`+guardian+`"]`, "Guardian")
	v.until("what was chosen", `document.querySelector('`+name(minor)+`[value="yes"]').checked`)
	c.check(v, "the refused form")
	v.click(`main label:has(` + name(size) + `[value="M"])`)
	v.see(`[data-errors] a[href="#field-answers.`+ids[3]+`"]`, "I accept the rules")
	v.fill("answers."+guardian, "Eve")
	v.click(`main label:has(` + name(ids[3]) + `)`)
	v.click(`main form[data-questions] button.btn-primary`)
	v.see("#stand-title", "You're in")
	v.click(`#stand a[href$="/answers"]`)
	v.see("h1", "Your answers")
	v.click(`main label:has(` + name(size) + `[value="S"])`)
	v.click(`main form[data-questions] button.btn-primary`)
	v.see("#flash", "Answers saved")
}

func readAnswers(v *visitor, page string, ids []string, c setting) {
	v.t.Helper()
	v.open(page + "/registrations?column=" + ids[0] + "&column=" + ids[2])
	v.see("thead", "T-shirt size")
	v.see("tbody", "Eve")
	c.check(v, "the list with columns")
	v.click(`main a[href$="/registrations/answers"]`)
	v.see("h1", "Answers")
	c.check(v, "the summary")
	v.click(`main a[href*="answer=S"]`)
	v.see("#rows", "T-shirt size: S")
	v.see("tbody", "Ada Answers")
	if csv := eval[string](v, `fetch("`+page+`/registrations.csv").then((r) => r.text())`); !strings.Contains(csv,
		`"T-shirt size","Under 18?","Guardian","I accept the rules"`) || !strings.Contains(csv, `"S","yes","Eve","yes"`) {
		v.t.Errorf("the file has %s", csv)
	}
	v.open(page + "/registrations?question=" + ids[0] + "&answer=M")
	v.see("main", "No matches")
	v.until("no field for an answer that is chosen", `!document.querySelector("#typed-answer").checkVisibility()`)
	v.set("said", ids[2]+"=")
	v.fill("answer", "Eve")
	if c.script {
		v.press(kb.Tab)
	} else {
		v.press(kb.Enter)
	}
	v.see("#rows", "Guardian: Eve")
	c.check(v, "the list by a typed answer")
}

// testReady fills in the questions before the opening. Then the press brings nothing but its key; if the questions have
// changed by then, the form asks for what is missing.
func testReady(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Opens")
	organizer.signUpDirectly("ORGANIZER")
	page, ids := askQuestions(organizer, "Ready Cup", true)
	opens := func(at string) {
		organizer.open(page + "/edit")
		organizer.set("regOpensAt", at)
		organizer.click("main form button.btn-primary")
		organizer.see("#flash", "Saved")
	}
	opens(local(time.Now().Add(time.Hour)))
	people := []*visitor{
		newVisitor(t, s.first(), "Ada Ready"), newVisitor(t, s.first(), "Ben Ready").withoutScript(),
		newVisitor(t, s.first(), "Cem Ready"),
	}
	for _, v := range people {
		v.signUpDirectly("PARTICIPANT")
		v.open(page)
		v.click("#register")
		v.see("h1", "Get ready")
		v.click(`main label:has([name="answers.` + ids[0] + `"][value="M"])`)
		v.click(`main label:has([name="answers.` + ids[3] + `"])`)
		v.click(`main form[data-questions] button.btn-primary`)
		v.see("#flash", "You're ready")
		v.see("#stand", "Press once at")
	}
	opens("")
	for _, v := range people {
		v.open(page)
	}
	people[0].click(registerButton)
	people[0].see("#stand-title", "You're in")

	organizer.open(page + "/edit")
	id := organizer.addQuestion(5, "TEXT", "School")
	eval[any](organizer, fmt.Sprintf(`document.querySelector('[name="q.%s.required"]').click()`, id))
	organizer.click("main form button.btn-primary")
	organizer.see("#flash", "Saved")
	for _, v := range people[1:] { // their page is as it was
		v.click(registerButton)
		v.see("[data-errors]", "Something changed since you got ready")
		v.see(`[data-errors] a[href="#field-answers.`+id+`"]`, "School")
		v.until("what was chosen", `document.querySelector('[name="answers.`+ids[0]+`"][value="M"]').checked`)
		v.fill("answers."+id, "No. 5")
		v.click(`main form[data-questions] button.btn-primary`)
		v.see("#stand-title", "You're in")
	}
}
