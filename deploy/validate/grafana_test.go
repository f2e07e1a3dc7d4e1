package validate

import (
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	grafana "github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// TestDashboardIsGrafanas decodes the dashboard into Grafana's own types, which know every field of a panel of each kind: one that is
// unknown, missing or of another type is an error.
func TestDashboardIsGrafanas(t *testing.T) {
	known := cog.NewRuntime() // one for the whole process
	known.RegisterPanelcfgVariant(stat.VariantConfig())
	known.RegisterPanelcfgVariant(timeseries.VariantConfig())
	known.RegisterDataqueryVariant(prometheus.VariantConfig())
	var d grafana.Dashboard
	if err := d.UnmarshalJSONStrict(read(t, "deploy/grafana/minicompete.json")); err != nil {
		t.Error(err)
	}
	if err := d.Validate(); err != nil {
		t.Error(err)
	}
	if err := new(grafana.Dashboard).UnmarshalJSONStrict([]byte(`{"title": 1, "panel": []}`)); err == nil {
		t.Error("what is no dashboard was taken for one")
	}
}
