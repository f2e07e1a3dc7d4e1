package validate

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// rules is a file of alerts, as Prometheus reads it.
type rules struct {
	Groups []struct {
		Name  string `json:"name"`
		Rules []struct {
			Alert       string            `json:"alert"`
			Expr        string            `json:"expr"`
			For         string            `json:"for"`
			Labels      map[string]string `json:"labels"`
			Annotations map[string]string `json:"annotations"`
		} `json:"rules"`
	} `json:"groups"`
}

func alertQueries(t *testing.T) []query {
	t.Helper()
	var file rules
	if err := yaml.UnmarshalStrict(read(t, "deploy/prometheus/alerts.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	explained := string(read(t, "docs/observability.md"))
	var queries []query
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			queries = append(queries, query{rule.Alert, rule.Expr})
			if rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" {
				t.Errorf("%s has no severity or no summary", rule.Alert)
			}
			if _, err := time.ParseDuration(rule.For); rule.For != "" && err != nil {
				t.Errorf("%s: %v", rule.Alert, err)
			}
			if !strings.Contains(explained, "`"+rule.Alert+"`") {
				t.Errorf("docs/observability.md does not say what to do about %s", rule.Alert)
			}
		}
	}
	return queries
}

func TestPrometheusReadsTheAlerts(t *testing.T) {
	var file struct {
		Global struct {
			ScrapeInterval     string `json:"scrape_interval"`
			EvaluationInterval string `json:"evaluation_interval"`
		} `json:"global"`
		RuleFiles     []string `json:"rule_files"`
		ScrapeConfigs []struct {
			JobName       string `json:"job_name"`
			StaticConfigs []struct {
				Targets []string `json:"targets"`
			} `json:"static_configs"`
		} `json:"scrape_configs"`
	}
	if err := yaml.UnmarshalStrict(read(t, "deploy/prometheus/prometheus.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(file.RuleFiles, []string{"alerts.yaml"}) || len(file.ScrapeConfigs) != 1 ||
		file.ScrapeConfigs[0].JobName != "minicompete" {
		t.Errorf("got %+v; the alerts are about the job minicompete", file)
	}
}

// dashboard is the part of Grafana's dashboards that is looked at.
type dashboard struct {
	Title      string `json:"title"`
	UID        string `json:"uid"`
	Templating struct {
		List []struct{ Name, Query string } `json:"list"`
	} `json:"templating"`
	Panels []panel `json:"panels"`
}

type panel struct {
	ID      int                      `json:"id"`
	Type    string                   `json:"type"`
	Title   string                   `json:"title"`
	GridPos struct{ H, W, X, Y int } `json:"gridPos"`
	Targets []struct {
		RefID        string `json:"refId"`
		Expr         string `json:"expr"`
		LegendFormat string `json:"legendFormat"`
	} `json:"targets"`
}

// variables are Grafana's, with what it would put in their places.
var variables = strings.NewReplacer("$__rate_interval", "1m", "$job", "minicompete", "$instance", ".*")

func dashboardQueries(t *testing.T) []query {
	t.Helper()
	var queries []query
	for _, p := range readDashboard(t).Panels {
		for _, target := range p.Targets {
			queries = append(queries, query{"the panel " + p.Title, variables.Replace(target.Expr)})
		}
	}
	return queries
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal(read(t, "deploy/grafana/minicompete.json"), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

var legendLabel = regexp.MustCompile(`{{(\w+)}}`)

func TestDashboardIsComplete(t *testing.T) {
	d := readDashboard(t)
	if d.Title == "" || d.UID == "" || len(d.Templating.List) != 3 {
		t.Errorf("got the title %q, the uid %q, the variables %v", d.Title, d.UID, d.Templating.List)
	}
	seen := map[int]bool{}
	taken := map[[2]int]string{}
	for _, p := range d.Panels {
		if seen[p.ID] || p.Title == "" || p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("the panel %d %q is there twice, or has no title, or shows nothing", p.ID, p.Title)
		}
		seen[p.ID] = true
		if p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%s sticks out", p.Title)
		}
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				cell := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if other := taken[cell]; other != "" {
					t.Fatalf("%s lies over %s", p.Title, other)
				}
				taken[cell] = p.Title
			}
		}
		for _, target := range p.Targets {
			for _, label := range legendLabel.FindAllStringSubmatch(target.LegendFormat, -1) {
				aggregated := strings.Contains(target.Expr, "sum") || strings.Contains(target.Expr, "max")
				if aggregated && !regexp.MustCompile(`by \([^)]*\b`+label[1]+`\b`).MatchString(target.Expr) {
					t.Errorf("%s: the legend names %s, which the query leaves out", p.Title, label[1])
				}
			}
		}
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return content
}
