package e2e

import (
	"context"
	"fmt"
	"slices"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// settled is true once the page is loaded and painted, with its fonts, as one that arrives late moves what is to be
// clicked. Chromium drops clicks made before the first paint.
const settled = `(document.readyState === "complete" && document.fonts.status === "loaded" &&
	performance.getEntriesByName("first-contentful-paint").length > 0)`

// target is a function that returns the element of a selector and a point of it, [element, x, y], or null while it
// can't be clicked there: it is hidden or disabled, or something covers it even after it was scrolled to.
const target = `((selector) => {
	const e = ` + settled + ` && document.querySelector(selector);
	if (!e || !e.checkVisibility() || e.matches(":disabled")) return null;
	const point = () => {
		const r = e.getClientRects()[0];
		if (!r) return null;
		const [x, y] = [r.x + r.width / 2, r.y + r.height / 2];
		const hit = document.elementFromPoint(x, y);
		return e.contains(hit) || hit?.closest("label")?.control === e ? [e, x, y] : null;
	};
	const seen = point();
	if (!seen) e.scrollIntoView({block: "center", behavior: "instant"});
	return seen ?? point();
})`

// click clicks the selected element once it can be clicked, and without JavaScript waits for the page that it leads to.
func (v *visitor) click(selector string) {
	v.t.Helper()
	if v.plain {
		v.clickPlainly(selector)
	} else {
		v.do(chromedp.MouseClickXY(v.aim(selector)))
	}
}

// clickTwice clicks twice in a row with the mouse, faster than the page can answer.
func (v *visitor) clickTwice(selector string) {
	v.t.Helper()
	x, y := v.aim(selector)
	v.do(chromedp.MouseClickXY(x, y), chromedp.MouseClickXY(x, y, chromedp.ClickCount(2)))
}

// aim returns where to click the selected element, once it can be clicked and has stopped moving.
func (v *visitor) aim(selector string) (x, y float64) {
	v.t.Helper()
	var at []float64
	v.await("a way to click "+selector, func(ctx context.Context) (bool, error) {
		before := at
		var err error
		at, err = chromedp.Run(ctx, chromedp.Evaluate[[]float64](fmt.Sprintf(`%s(%q)?.slice(1) ?? []`, target, selector)))
		return len(at) == 2 && slices.Equal(at, before), err
	})
	return at[0], at[1]
}

// clickPlainly clicks without the mouse, between whose aim and click a page can move. It looks the same to a page
// without JavaScript. Then it waits until the page is left, if the click does that, so that the next step can't still
// take place there.
func (v *visitor) clickPlainly(selector string) {
	v.t.Helper()
	const unclickable, stays = -1, 0
	left := float64(unclickable)
	v.await("a way to click "+selector, func(ctx context.Context) (bool, error) {
		var err error
		left, err = chromedp.Run(ctx, chromedp.Evaluate[float64](fmt.Sprintf(`(() => {
			const [e] = %s(%q) ?? [];
			if (!e) return %d;
			const link = e.closest("a[href]:not([href^='#'])"), button = e.closest("button, input[type=submit]");
			const leaves = link || button?.type === "submit" && button.form &&
				(button.formNoValidate || button.form.noValidate || button.form.checkValidity());
			e.click();
			return leaves ? performance.timeOrigin : %d;
		})()`, target, selector, unclickable, stays)))
		return left != unclickable, err
	})
	if left != stays {
		v.until("the page after "+selector, fmt.Sprintf(`performance.timeOrigin !== %f`, left))
	}
}

// focus moves the focus to an element that is shown.
func (v *visitor) focus(selector string) {
	v.t.Helper()
	v.until("a way to focus "+selector, fmt.Sprintf(`(() => {
		const e = %s && document.querySelector(%q);
		if (!e || !e.checkVisibility()) return false;
		e.focus();
		return document.activeElement === e;
	})()`, settled, selector))
}

// fill replaces a field's content at once, as pasting does.
func (v *visitor) fill(name, value string) {
	v.t.Helper()
	v.selectAll(name)
	if _, err := chromedp.Call(v.tab, input.InsertText, input.InsertTextParams{Text: value}); err != nil {
		v.fatal("enter "+value, err)
	}
}

// typeIn is fill, key by key.
func (v *visitor) typeIn(name, value string) {
	v.t.Helper()
	v.selectAll(name)
	v.do(chromedp.KeyEvent(value))
}

// selectAll focuses a field and selects its content.
func (v *visitor) selectAll(name string) {
	v.t.Helper()
	v.focus(fmt.Sprintf(`main [name=%q]`, name))
	eval[any](v, `document.activeElement.select()`)
}

// attach selects the file at path in a field.
func (v *visitor) attach(field, path string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	found, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{
		Expression: fmt.Sprintf(`document.querySelector(%q)`, field),
	})
	if err == nil {
		_, err = chromedp.Call(ctx, dom.SetFileInputFiles,
			dom.SetFileInputFilesParams{Files: []string{path}, ObjectID: found.Result.ObjectID})
	}
	if err != nil {
		v.fatal("attach "+path, err)
	}
}
