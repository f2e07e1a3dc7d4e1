package markdown

import (
	"strings"
	"testing"
)

func TestHTML(t *testing.T) {
	for _, tc := range []struct{ name, source, want string }{
		{"paragraph", "Bring **water**.", "<p>Bring <strong>water</strong>.</p>\n"},
		{"line break", "one\ntwo", "<p>one<br>\ntwo</p>\n"},
		{"heading below the page's own", "# Rules", "<h2>Rules</h2>\n"},
		{"list", "- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"},
		{
			"link", "[map](https://example.org/m)",
			`<p><a href="https://example.org/m" rel="nofollow noreferrer">map</a></p>` + "\n",
		},
		{"code", "```go\n<pre>\n```", "<pre tabindex=\"0\"><code>&lt;pre&gt;\n</code></pre>\n"},
		{
			"table", "| a |\n|---|\n| b |",
			"<table tabindex=\"0\">\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>b</td>\n" +
				"</tr>\n</tbody>\n</table>\n",
		},
		{"script", "<script>alert(1)</script>\n\nok", "\n<p>ok</p>\n"},
		{"javascript link", "[x](javascript:alert(1))", "<p>x</p>\n"},
		{
			"image", "![a map](https://example.org/x.png)",
			`<p><a href="https://example.org/x.png" rel="nofollow noreferrer">a map</a></p>` + "\n",
		},
		{
			"image without text", "![](https://example.org/x.png)",
			`<p><a href="https://example.org/x.png" rel="nofollow noreferrer">https://example.org/x.png</a></p>` + "\n",
		},
		{
			"image in a link", "[![a map](https://example.org/x.png)](https://example.org)",
			`<p><a href="https://example.org" rel="nofollow noreferrer">a map</a></p>` + "\n",
		},
		{"image of a script", "![x](javascript:alert(1))", "<p>x</p>\n"},
		{"event attribute", `<b onclick="x()">hi</b>`, "<p>hi</p>\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := HTML(tc.source)
			if err != nil {
				t.Fatal(err)
			}
			if got = strings.ReplaceAll(got, "<br/>", "<br>"); got != tc.want {
				t.Errorf("HTML(%q) = %q, want %q", tc.source, got, tc.want)
			}
		})
	}
}

func TestLost(t *testing.T) {
	for source, want := range map[string][2]bool{
		"**bold** and [a link](https://example.org)":    {false, false},
		"![a map](https://example.org/x.png)":           {true, false},
		"text ![][1]\n\n[1]: https://example.org/x.png": {true, false},
		"<b>bold</b>":                    {false, true},
		"<div>\n\n![x](y.png)\n\n</div>": {true, true},
		"`<b>` and `![x](y)`, 1 < 2":     {false, false},
	} {
		if images, markup := Lost(source); images != want[0] || markup != want[1] {
			t.Errorf("Lost(%q) = %v, %v, want %v", source, images, markup, want)
		}
	}
}
