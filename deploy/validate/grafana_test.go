package validate

import (
	"errors"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	grafana "github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// TestDashboardIsGrafanas decodes the dashboard into Grafana's own types, which know every field of a panel of each
// kind: one that is unknown, missing or of another type is an error.
func TestDashboardIsGrafanas(t *testing.T) {
	known := cog.NewRuntime() // one for the whole process
	known.RegisterPanelcfgVariant(stat.VariantConfig())
	known.RegisterPanelcfgVariant(timeseries.VariantConfig())
	known.RegisterDataqueryVariant(prometheus.VariantConfig())
	if err := decodeDashboard(read(t, "deploy/grafana/minicompete.json")); err != nil {
		t.Error(err)
	}
	if err := decodeDashboard([]byte(`{"title": 1, "panel": []}`)); err == nil {
		t.Error("what is no dashboard was taken for one")
	}
}

func decodeDashboard(content []byte) error {
	//nolint:staticcheck // the older form, which every Grafana imports; its successor is for Grafana 12 and later
	var d grafana.Dashboard
	err := d.UnmarshalJSONStrict(content)
	var wrong cog.BuildErrors // an empty list is no nil error
	if err != nil && (!errors.As(err, &wrong) || len(wrong) > 0) {
		return err
	}
	return d.Validate()
}
