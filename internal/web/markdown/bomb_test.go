package markdown

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func fill(unit string, n int) string { return strings.Repeat(unit, n/len(unit)) }

// bombs are texts within the limits of a description that once took seconds or hundreds of megabytes, and similar ones:
// padded, repeated, nested, left open, or closed without having been opened.
func bombs() []string {
	lines := func(line func(i int) string) string {
		var b strings.Builder
		for i := 0; b.Len() < maxSource-300; i++ {
			b.WriteString(line(i))
		}
		return b.String()
	}
	texts := []string{
		"[a]: http://" + fill("x", maxSource/2) + "\n" + fill("[a]", maxSource/2-20),
		fill("[a]: b\n", maxSource), fill("[", maxSource-10) + "]: a",
		lines(func(i int) string { return fmt.Sprintf("[%d]: a\n", i) }),
		fill("|a", 140) + "|\n" + fill("|-", 140) + "|\n" + fill("a\n", 19_000), fill("|a", 6000) + "|\n" +
			fill("|-", 6000) + "|\n" + fill("a\n", 7900),
		fill("|a|b|c|d\n|-|-|-|-\na\na\na\n\n", maxSource), "a|b\n-|-\n" + fill("`\\|", 19_000),
		fill("a|\n-|\n", maxSource), fill("-|", 9999) + "\n" + fill("-|", 9999),
		fill(">", 10_000) + "a\n" + fill("a\n", 9_900), fill("- ", 10_000) + "a" + fill("\n", 9_900),
		lines(func(i int) string { return strings.Repeat(" ", i*2) + "- a\n" }),
		fill("[", 10_000) + fill("]", 10_000), fill("[", 6000) + "a" + fill("](b)", 13_900),
		fill("![", 6000) + fill("](a)", 13_000), "[a](" + fill("(", 19_000),
		fill("_a*", 10_000) + fill("*a_", 10_000), "<a " + fill("b=c ", 19_000), "http://a.b/" + fill("(", 19_900),
		"http://a.b/" + fill("&a;", 19_000), fill("a", 9_000) + "@" + fill("b.", 9_000),
		lines(func(i int) string { return strings.Repeat("`", i) + "a" }), fill("数", 3*maxSource),
		fill("*数", 4*maxSource/2), fill("*“", 4*maxSource/2),
	}
	for _, unit := range []string{
		">", "- ", "-\t", "1. ", "> - ", "- > 1. ", ">\t", ">\n- ", "- a\n", "- a\n\n", "-\n", "*a **a ", "*a_ ",
		"**x*", "*", "* ", "a_b*", "~~a~", "*a", "a**b*c",
		"[", "[a](", "[]", "[a", "![", "[a](b \"", "[a](<b", "[a][b]", "[a]: b \"\n", "<", "<a ", "<a b=\"", "a<!--",
		"a<?", "a<![CDATA[", "a<!A ", "</a ", "<a:b", "<a@b.",
		"<div>\n\n", "<div>\n", "<script>", "www.", "www.a ", "http://", "http://a.b ", "a@", "a@b.c", "a@b.cc ", "a.",
		"ftp://a&amp;", "`` ` ", "`a``", "&amp;", "&", "\\", "\\*",
		"a\n", "a  \n", "a\\\n", "#\n", "# a #\n", "***\n", "a\n=\n", "```\n", "~~~", "    a\n\n", "\n", "\t", "\x00",
		"\"", "# {#a}\n", "|", "|\n", "|-\n", ":-:|", "\xff",
	} {
		texts = append(texts, fill(unit, maxSource))
	}
	return texts
}

// FuzzHTML bounds the memory and the HTML length for texts of any length. It measures allocations rather than time,
// which depends on the machine: slow inputs visit nodes and lines, and those are allocated.
func FuzzHTML(f *testing.F) {
	for _, text := range bombs() {
		f.Add(text)
	}
	f.Add(fill("[a]: b\n", 10*maxSource))
	f.Fuzz(func(t *testing.T, text string) {
		const most = 20 << 20 // bytes
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		html, err := HTML(text)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > most && !withRaceDetector { // the detector allocates too
			t.Errorf("%d bytes of Markdown, %.40q…, take %d bytes of memory", len(text), text, n)
		}
		if len(html) > maxHTML || utf8.ValidString(text) && !utf8.ValidString(html) {
			t.Errorf("%d bytes of Markdown, %.40q…, give %d bytes of HTML", len(text), text, len(html))
		}
	})
}

// Constructs beyond a bound remain as written; those within it are rendered.
func TestBounds(t *testing.T) {
	for name, tc := range map[string]struct {
		source, tag string
		want        int
	}{
		"depth of lists":   {fill("- ", 2*20) + "a", "<ul>", maxDepth},
		"depth of quotes":  {fill(">", 20) + "a", "<blockquote>", maxDepth},
		"depth of both":    {fill("> - ", 4*20) + "a", "<ul>", maxDepth / 2},
		"cells":            {"|a|b|\n|-|-|\n" + fill("|c|d|\n", 6*100), "<td>", 200},
		"cells of nothing": {fill("|a", 2*70) + "|\n" + fill("|-", 2*70) + "|\n" + fill("c\n", 2*100), "<td>", 0},
		"cells of a second": {
			"a|b\n-|-\n" + fill("c|d\n", 4*600) + "\na|b\n-|-\n" + fill("c|d\n", 4*600), "<td>",
			1200,
		},
		"emphasis": {fill("*a* ", 4*5000), "<em>", maxDelimiters / 2},
		"links":    {fill("[a](mailto:b@c) ", 16*1200), "<a ", maxBrackets / 2},
	} {
		html, err := HTML(tc.source)
		if got := strings.Count(html, tc.tag); err != nil || got != tc.want {
			t.Errorf("%s: %d of %s, %v; want %d", name, got, tc.tag, err, tc.want)
		}
	}
}

func TestTooMuch(t *testing.T) {
	const link = "[a]: http://example.org/"
	html, err := HTML(link + fill("x", 2000) + "\n<i>&" + fill("[a]", 3*400))
	if err != nil || !strings.HasPrefix(html, "<p>"+link) || !strings.Contains(html, "<br>&lt;i&gt;&amp;[a][a]") ||
		len(html) > maxHTML {
		t.Errorf("too much HTML: %d bytes, %.80q, %v", len(html), html, err)
	}
	html, err = HTML(strings.Repeat("ü", maxSource+5))
	if want := "<p>" + strings.Repeat("ü", maxSource) + "…</p>\n"; err != nil || html != want {
		t.Errorf("too much source: %d bytes, %v; want %d", len(html), err, len(want))
	}
}

// BenchmarkBombs measures the best time of the slowest bomb: it should be 50 ms at most.
func BenchmarkBombs(b *testing.B) {
	texts := bombs()
	best := make([]time.Duration, len(texts))
	for b.Loop() {
		for i, text := range texts {
			started := time.Now()
			if _, err := HTML(text); err != nil {
				b.Fatal(err)
			}
			if took := time.Since(started); best[i] == 0 || took < best[i] {
				best[i] = took
			}
		}
	}
	slowest := slices.Max(best)
	b.ReportMetric(float64(slowest.Microseconds())/1000, "ms/slowest")
	b.Logf("the slowest is %.40q…", texts[slices.Index(best, slowest)])
}
