package e2e

import "testing"

// testAPIDocs opens the API's docs under a policy that allows no inline scripts.
func testAPIDocs(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Integrator")
	v.open("/api/docs")
	v.see("h2", "Mini Compete")
	v.click("#operations-Competitions-listCompetitions button.opblock-summary-control")
	v.click("#operations-Competitions-listCompetitions button.try-out__btn")
	v.click("#operations-Competitions-listCompetitions button.execute")
	v.see("#operations-Competitions-listCompetitions .live-responses-table", "200")
	if errors := eval[[]string](v, "pageErrors"); len(errors) > 0 {
		t.Errorf("the docs have errors: %q", errors)
	}
}
