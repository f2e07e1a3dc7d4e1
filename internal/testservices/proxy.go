package testservices

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Proxy is a connection to a server that can be cut or silenced.
type Proxy struct {
	t     testing.TB
	proxy *toxiproxy.Proxy
}

// BehindProxy creates a proxy for the server of a URL. The returned URL leads through it.
func BehindProxy(t testing.TB, serverURL string) (string, *Proxy) {
	t.Helper()
	u, err := url.Parse(serverURL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "server",
		"127.0.0.1:0", u.Host)
	p := &Proxy{t, proxy}
	p.Restore()
	t.Cleanup(proxy.Stop)
	u.Host = proxy.Listen
	return u.String(), p
}

// Cut closes all connections and refuses new ones, until Restore.
func (p *Proxy) Cut() { p.proxy.Stop() }

// Restore ends Cut.
func (p *Proxy) Restore() {
	p.t.Helper()
	if err := p.proxy.Start(); err != nil {
		p.t.Fatal(err)
	}
}

const silence = "silence"

// Silence accepts connections and requests but lets no response through, until Speak.
func (p *Proxy) Silence() {
	p.t.Helper()
	toxic := `{"name":"` + silence + `","type":"timeout","stream":"downstream","attributes":{"timeout":0}}`
	if _, err := p.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		p.t.Fatal(err)
	}
}

// Disturb applies one of Toxiproxy's toxics, with attributes in JSON, in both directions, until Calm.
func (p *Proxy) Disturb(toxic, attributes string) {
	p.t.Helper()
	for _, stream := range []string{"upstream", "downstream"} {
		json := fmt.Sprintf(`{"name":%q,"type":%q,"stream":%q,"attributes":%s}`, stream, toxic, stream, attributes)
		if _, err := p.proxy.Toxics.AddToxicJson(strings.NewReader(json)); err != nil {
			p.t.Fatal(err)
		}
	}
}

// Calm ends every Disturb and Silence.
func (p *Proxy) Calm() { p.proxy.Toxics.ResetToxics(context.Background()) }

// Speak ends Silence, and closes the connections whose responses were lost.
func (p *Proxy) Speak() {
	p.t.Helper()
	if err := p.proxy.Toxics.RemoveToxic(context.Background(), silence); err != nil {
		p.t.Fatal(err)
	}
}
