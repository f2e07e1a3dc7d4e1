package e2e

import (
	"fmt"
	"testing"
	"time"
)

// testAskingCircle asks questions in a competition with divisions and an access code: of somebody who got ready, whose
// press brings only the code; of somebody for whom the questions changed meanwhile; and of somebody who didn't get
// ready, and mistypes the code. Nothing that was typed is lost.
func testAskingCircle(t *testing.T, s site) {
	for _, c := range settings {
		t.Run(c.name, func(t *testing.T) { c.askCircle(t, s) })
	}
}

func (c setting) askCircle(t *testing.T, s site) {
	olga := c.person(t, s.first(), "Olga Circles", "ORGANIZER")
	page, ids := askQuestions(olga, "Asked and Closed "+c.name, c.script)
	c.closeCircle(olga, page)
	ada := c.person(t, s.first(), "Ada Ready", "PARTICIPANT")
	ben := c.person(t, s.first(), "Ben Outdated", "PARTICIPANT")
	for _, v := range []*visitor{ada, ben} {
		v.open(page)
		v.click("#register")
		v.see("h1", "Get ready")
		c.answer(v, ids)
		if v == ada { // ben doesn't have it yet
			v.fill("accessCode", "maple 2026")
		}
		c.check(v, "getting ready")
		v.click(`main form[data-questions] button.btn-primary`)
		v.see("#flash", "You're ready")
		v.see("#stand", "Press once at")
		c.check(v, "ready")
	}
	olga.open(page + "/edit")
	olga.set("regOpensAt", "")
	olga.click("main form button.btn-primary")
	olga.see("#flash", "Saved")
	for _, v := range []*visitor{ada, ben} {
		v.open(page)
		if v == ben {
			v.fill("accessCode", "maple 2026")
		}
		c.check(v, "ready, with a code")
	}
	ada.click(registerButton)
	ada.see("#stand-title", "You're in")
	ada.see("#stand .bib", "10 km")

	olga.open(page + "/edit")
	id := olga.addQuestion(5, "TEXT", "School")
	eval[any](olga, fmt.Sprintf(`document.querySelector('[name="q.%s.required"]').click()`, id))
	olga.click("main form button.btn-primary")
	olga.see("#flash", "Saved")
	ben.click(registerButton)
	ben.see("[data-errors]", "Something changed since you got ready")
	ben.see(`[data-errors] a[href="#field-answers.`+id+`"]`, "School")
	c.check(ben, "the questions changed")
	c.finish(ben, ids, id)

	cem := c.person(t, s.first(), "Cem Late", "PARTICIPANT")
	cem.open(page)
	cem.click("#register")
	cem.see("h1", "Register")
	c.answer(cem, ids)
	cem.fill("answers."+id, "No. 4")
	cem.fill("accessCode", "maple-2027")
	cem.click(`main form[data-questions] button.btn-primary`)
	cem.see("#field-accessCode-error", "wrong")
	c.check(cem, "a wrong code")
	cem.until("what was typed", `document.querySelector('[name="answers.`+id+`"]').value === "No. 4"`)
	cem.fill("accessCode", "Maple 2026")
	c.finish(cem, ids, id)
}

// closeCircle gives a competition two divisions and a code, and opens it later.
func (c setting) closeCircle(v *visitor, page string) {
	v.t.Helper()
	v.open(page + "/edit")
	v.click("#edit-divisions summary")
	v.fill("division-name-0", "Half marathon")
	v.fill("division-capacity-0", "4")
	v.click("#division-add-0")
	v.see("#edit-divisions", "Division 2")
	v.fill("division-name-1", "10 km")
	v.fill("division-capacity-1", "4")
	v.click(`details:has([name="accessCode"]) summary`)
	v.fill("accessCode", "Maple-2026")
	v.set("regOpensAt", local(time.Now().Add(time.Hour)))
	v.click("main form button.btn-primary")
	v.see("#flash", "Saved")
}

// answer chooses a division, and answers what is required.
func (c setting) answer(v *visitor, ids []string) {
	v.t.Helper()
	v.click(`main form[data-questions] div:nth-child(2) > label:has([name="divisionId"])`)
	v.click(`main label:has([name="answers.` + ids[0] + `"][value="M"])`)
	v.click(`main label:has([name="answers.` + ids[3] + `"])`)
}

// finish sends a form in which everything but one answer is there.
func (c setting) finish(v *visitor, ids []string, missing string) {
	v.t.Helper()
	v.until("the answers, the division and the code", fmt.Sprintf(`
		document.querySelector('[name="answers.%s"][value="M"]').checked &&
		document.querySelector('[name="answers.%s"]').checked &&
		document.querySelector('[name="divisionId"]:checked').closest("label").innerText.includes("10 km") &&
		document.querySelector('[name="accessCode"]').value.toLowerCase() === "maple 2026"`, ids[0], ids[3]))
	v.fill("answers."+missing, "No. 5")
	v.click(`main form[data-questions] button.btn-primary`)
	v.see("#stand-title", "You're in")
}
