package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// read gets a page as the visitor, but without the browser, which takes many times as long.
func (v *visitor) read(path string) *html.Node {
	v.t.Helper()
	cookies, err := chromedp.Call(v.tab, network.GetCookies, network.GetCookiesParams{URLs: []string{v.base}})
	if err != nil {
		v.fatal("look up the cookies", err)
	}
	request, err := http.NewRequestWithContext(v.tab, http.MethodGet, v.base+path, http.NoBody)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, cookie := range cookies.Cookies {
		request.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := html.Parse(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		v.t.Fatalf("%s: %s answers %s: %v", v.name, path, response.Status, err)
	}
	return page
}

// spaces removes spaces: how many a browser shows depends on the styles.
var spaces = strings.NewReplacer(" ", "", "\n", "", "\t", "")

// dense is the text of a part of a page, without spaces.
func dense(part *html.Node) string {
	var text strings.Builder
	for n := range part.Descendants() {
		if n.Type == html.TextNode {
			text.WriteString(n.Data)
		}
	}
	return spaces.Replace(text.String())
}

// link returns where the first link in the content of a page leads that is wanted, or "".
func (v *visitor) link(path string, wanted func(a *html.Node, href string) bool) string {
	v.t.Helper()
	for main := range v.read(path).Descendants() {
		if main.DataAtom != atom.Main {
			continue
		}
		for a := range main.Descendants() {
			i := slices.IndexFunc(a.Attr, func(at html.Attribute) bool { return at.Key == "href" })
			if a.DataAtom == atom.A && i >= 0 && wanted(a, a.Attr[i].Val) {
				return a.Attr[i].Val
			}
		}
	}
	return ""
}

// find returns the target of the link with the text. It reads the page until the link exists, since a message may be
// late.
func (v *visitor) find(path, text string) string {
	v.t.Helper()
	text = spaces.Replace(text)
	for deadline := time.Now().Add(patience); ; time.Sleep(reloadPause) {
		href := v.link(path, func(a *html.Node, _ string) bool { return strings.Contains(dense(a), text) })
		if href != "" {
			return href
		}
		if time.Now().After(deadline) {
			v.open(path)
			v.fatal("look for a link", fmt.Errorf("none says %q", text))
		}
	}
}

// linkOn returns where the link on a page leads whose address has the given text in it.
func (v *visitor) linkOn(path, part string) string {
	v.t.Helper()
	href := v.link(path, func(_ *html.Node, href string) bool { return strings.Contains(href, part) })
	u, err := url.Parse(href)
	if href == "" || err != nil {
		v.t.Fatalf("%s: no link on %s leads to %s: %v", v.name, path, part, err)
	}
	return u.RequestURI()
}
