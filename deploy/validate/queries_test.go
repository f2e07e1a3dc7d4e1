package validate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// metricName is the label that holds a series' name.
const metricName = "__name__"

// query is an expression somewhere in what is deployed.
type query struct{ where, text string }

// TestQueriesAreAboutMetricsThatExist parses every query of the alerts and of the dashboard as Prometheus does, and
// looks up every metric, label and value that it names in what the program exports.
func TestQueriesAreAboutMetricsThatExist(t *testing.T) {
	series := scrape(t)
	queries := append(alertQueries(t), dashboardQueries(t)...)
	if len(queries) < 30 {
		t.Fatalf("only %d queries were found", len(queries))
	}
	for _, q := range queries {
		for _, wrong := range judge(q.text, series) {
			t.Errorf("%s: %s\n\t%s", q.where, wrong, q.text)
		}
	}
}

func TestWrongQueriesAreNoticed(t *testing.T) {
	series := []labels.Labels{
		labels.FromStrings(metricName, "jobs_total", "queue", "mail", "outcome", "done"),
		labels.FromStrings(metricName, "wait_seconds_bucket", "queue", "mail", "le", "1"),
	}
	for text, want := range map[string]string{
		`sum by (queue) (rate(jobs_total{outcome="done",job="x"}[5m])) > 0`:    "",
		`histogram_quantile(0.9, sum by (le) (rate(wait_seconds_bucket[5m])))`: "",
		`rate(job_total[5m])`:               "job_total is not exported",
		`jobs_total{kind="x"}`:              "no label kind",
		`jobs_total{outcome="finished"}`:    "no value",
		`jobs_total{outcome=~"fin.*"}`:      "no value",
		`sum by (kind) (jobs_total)`:        "no label kind",
		`jobs_total / on (kind) jobs_total`: "no label kind",
		`histogram_quantile(0.9, sum by (queue) (rate(wait_seconds_bucket[5m])))`: "le",
		`sum(jobs_total`: "parse error",
	} {
		got := strings.Join(judge(text, series), "; ")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// added are the labels that Prometheus itself adds to a series when it scrapes it.
var added = []string{"job", "instance"}

// open are labels with values that come only with the events they tell of.
var open = []string{"status"}

// judge says what is wrong with a query.
func judge(text string, series []labels.Labels) []string {
	expression, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		return []string{err.Error()}
	}
	var wrong []string
	parser.Inspect(expression, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			wrong = append(wrong, judgeSelector(n, series)...)
		case *parser.AggregateExpr:
			wrong = append(wrong, missingLabels(n, n.Grouping, series)...)
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				wrong = append(wrong, missingLabels(n, n.VectorMatching.MatchingLabels, series)...)
			}
		case *parser.Call:
			if n.Func.Name != "histogram_quantile" {
				break
			}
			if sum, ok := n.Args[1].(*parser.AggregateExpr); ok && !slices.Contains(sum.Grouping, "le") {
				wrong = append(wrong, "the quantile of what is not grouped by le")
			}
		}
		return nil
	})
	return wrong
}

func judgeSelector(s *parser.VectorSelector, series []labels.Labels) []string {
	if s.Name == "up" { // Prometheus' own
		return nil
	}
	exported := named(s.Name, series)
	if len(exported) == 0 {
		return []string{s.Name + " is not exported"}
	}
	var wrong []string
	for _, matcher := range s.LabelMatchers {
		if matcher.Name == metricName || slices.Contains(added, matcher.Name) {
			continue
		}
		has := slices.ContainsFunc(exported, func(l labels.Labels) bool { return l.Has(matcher.Name) })
		fits := slices.ContainsFunc(exported,
			func(l labels.Labels) bool { return matcher.Matches(l.Get(matcher.Name)) })
		switch {
		case !has:
			wrong = append(wrong, fmt.Sprintf("%s has no label %s", s.Name, matcher.Name))
		case !fits && !slices.Contains(open, matcher.Name):
			wrong = append(wrong, fmt.Sprintf("%s has no value %s", s.Name, matcher))
		}
	}
	return wrong
}

// missingLabels are those that a selector below a node lacks.
func missingLabels(node parser.Node, names []string, series []labels.Labels) []string {
	var wrong []string
	parser.Inspect(node, func(below parser.Node, _ []parser.Node) error {
		selector, ok := below.(*parser.VectorSelector)
		if !ok || selector.Name == "up" {
			return nil
		}
		for _, name := range names {
			has := slices.ContainsFunc(named(selector.Name, series), func(l labels.Labels) bool { return l.Has(name) })
			if !has && !slices.Contains(added, name) {
				wrong = append(wrong, fmt.Sprintf("%s has no label %s", selector.Name, name))
			}
		}
		return nil
	})
	return wrong
}

func named(name string, series []labels.Labels) []labels.Labels {
	var found []labels.Labels
	for _, l := range series {
		if l.Get(metricName) == name {
			found = append(found, l)
		}
	}
	return found
}
