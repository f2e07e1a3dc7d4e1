package normal_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/minicompete/minicompete/internal/normal"
)

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "",
		" \t a \u00a0\n b\u3000\u2028":         "a b",
		"\u2800\u200b\u3164\u00ad\ufeff":       "",
		"Cafe\u0301":                           "Café",
		"ad\u200bmin\u2060":                    "admin",
		"\u202eevil\u202c \u2066x\u2069\u200f": "evil x",
		"می\u200cخواهم":                        "می\u200cخواهم", // Persian: within the word
		"a\u200cb\u200dc":                      "abc",
		"\u200cمن\u200c":                       "من",
		"क्\u200dष":                            "क्\u200dष", // Hindi: after the virama
		"क\u200dष":                             "कष",
		"👩\u200d💻 👩\u200d":                     "👩\u200d💻 👩",
		"❤\ufe0f\u200d🔥":                       "❤\ufe0f\u200d🔥",
		"1\ufe0f\u20e3 a\ufe0fb":               "1\ufe0f\u20e3 ab",
		"🏴\U000e0067\U000e0062\U000e007f \U000e0067x": "🏴\U000e0067\U000e0062\U000e007f x",
		"葛\U000e0100城": "葛\U000e0100城",
		"東京　数学":        "東京 数学",
		"a\x00b\x7f":   "a\x00b\x7f", // refused by validation
		"\xff ":        "\xff",
		"\u0600\u0661": "\u0600\u0661", // a visible sign for Arabic numbers
	} {
		if got := normal.Line(text); got != want {
			t.Errorf("%+q: got %+q, want %+q", text, got, want)
		}
	}
}

func TestReadable(t *testing.T) {
	for text, want := range map[string]string{
		"12 34": "12 34", " 12\u00a0 34\u200b": "12 34", "12\u200d 34": "12 34", "1\ufe0f2 3\ufe0e4": "12 34",
		"12\n34": "12 34", "１２ ３４": "12 34", "𝟏𝟐 34": "12 34", "می\u200cخواهم": "میخواهم", "´´": "\u0301 \u0301",
		"12\x0034": "12\x0034", "\xff ": "\xff",
	} {
		got := normal.Readable(text)
		if got != want {
			t.Errorf("%+q: got %+q, want %+q", text, got, want)
		}
		if again := normal.Readable(got); again != got {
			t.Errorf("%+q becomes %+q, then %+q", text, got, again)
		}
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"Zoe\u0308\u200b": "Zo\u00eb", "a\x00\u0085b\tc\x7f": "a b c", "\u200b": "", "a\xffb": "a\ufffdb",
	} {
		if got := normal.Clean(text); got != want {
			t.Errorf("%+q: got %+q, want %+q", text, got, want)
		}
	}
}

func TestFold(t *testing.T) {
	for _, same := range [][]string{
		{"zoe", "Zoë", "ZOE\u0308", "ｚｏｅ"},
		{"diaz", "DÍAZ", "Díaz"},
		{"muller", "Müller", "MÜLLER"},
		{"strasse", "Straße", "STRASSE", "STRAẞE"},
		{"lodz", "Łódź", "ŁÓDŹ"},
		{"oresund", "Øresund", "ØRESUND"},
		{"dordevic", "Đorđević", "ÐORĐEVIĆ"},
		{"istanbul", "İstanbul", "ISTANBUL", "ıstanbul"},
		{"aesop oeuvre", "Æsop Œuvre", "æsop œuvre"},
		{"thor", "Þór"},
		{"nguyen van duc", "Nguyễn Văn Đức"},
		{"σας", "ΣΑΣ", "σάς"},
		{"елка", "Ёлка", "ЁЛКА"},
		{"fine 1", "ﬁne ①"},
		{"dz", "ǅ", "ǆ"},
		{"が", "か\u3099"},
		{"ガ", "ｶﾞ"},
		{"한국", "한국"},
		{"שלום", "שָׁלוֹם"},
		{"محمد", "مُحَمَّد", "محـمد"},
		{"علي", "علی", "على"},
		{"👍", "👍🏽", "👍\ufe0f"},
		{"ab", "a\u200bb", "a\u00adb", "\u202aab"},
	} {
		for _, text := range same {
			if got, want := normal.Fold(text), normal.Fold(same[0]); got != want {
				t.Errorf("%+q: got %+q, want %+q", text, got, want)
			}
		}
	}
	for _, apart := range [][2]string{{"はし", "ばし"}, {"कि", "क"}, {"a", "b"}, {"ин", "ан"}} {
		if normal.Fold(apart[0]) == normal.Fold(apart[1]) {
			t.Errorf("%q and %q are the same", apart[0], apart[1])
		}
	}
	if got := normal.Key("\u0301"); got == "" {
		t.Error("the key of an accent alone is empty")
	}
}

func TestWords(t *testing.T) {
	long := strings.Repeat("é", 100)
	for text, want := range map[string]string{
		"": "", " \t\n": "", `"*( OR -`: "or", "C++ & Go": "c go", "Café CAFÉ cafe\u0301": "cafe cafe cafe",
		"O'Brien's": "o brien s", "10k/20k": "10k 20k",
		"हिन्दी": "हिन्दी", "a\x00b\xffc": "a b c", "x_y": "x y", long: strings.Repeat("e", 64),
		"東京数学": "東 京 数 学 東京 京数 数学", "数a学": "数 a 学", "😀": "😀", "Go🎉": "go 🎉", "👩‍💻": "👩 💻 👩💻",
		"ラーメン": "ラ ー メ ン ラー ーメ メン",
	} {
		if got := strings.Join(normal.Words(text), " "); got != want {
			t.Errorf("words of %q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"数": "数", "数学": "数学", "東京 go": "東京 go", "京数学": "京数 数学", "🎉": "🎉",
		"คณิต": "คณ ณิ ิต",
	} {
		if got := strings.Join(normal.Query(text), " "); got != want {
			t.Errorf("query of %q: %q, want %q", text, got, want)
		}
	}
}

// FuzzForms checks the properties of the forms for any text: they are idempotent, texts that differ only in case are
// found by the same search, and every part of a run is found.
func FuzzForms(f *testing.F) {
	for _, seed := range []string{
		"Zoë", "İı", "ǅ", "\u200d\u200c", "क्\u200dष", "👩‍💻", "\xff", "1\ufe0f\u20e3", "ﷺ",
		"가\u11a8", "\u13b1\uab81", "\u0f73", "ᾳ", "東京数学",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := normal.Line(text)
		if again := normal.Line(line); again != line {
			t.Errorf("line of %+q: %+q, and then %+q", text, line, again)
		}
		folded := normal.Fold(text)
		if again := normal.Fold(folded); again != folded {
			t.Errorf("fold of %+q: %+q, and then %+q", text, folded, again)
		}
		if !norm.NFKC.IsNormalString(folded) {
			t.Errorf("fold of %+q is not composed: %+q", text, folded)
		}
		words := normal.Words(text)
		for _, word := range words {
			if word == "" || strings.ContainsAny(word, " '\"\\\x00") {
				t.Errorf("a word of %+q is %+q", text, word)
			}
		}
		for _, word := range normal.Query(text) {
			if !slices.Contains(words, word) {
				t.Errorf("%+q is asked for %+q and not found by it", text, word)
			}
		}
	})
}

// TestPlain compares what is done fast with plain text with what is done with all other.
func TestPlain(t *testing.T) {
	for _, s := range []string{
		"a", "Team 7", "TEAM  7", " a", "a ", "a\tb", "a\x7fb", "a\x00b", "-", "Az~!@[`{", "O'Brien & Sons (2)", "\n", "  ",
	} {
		if got, want := normal.Line(s+" é"), strings.TrimPrefix(normal.Line(s)+" é", " "); got != want {
			t.Errorf("Line(%q + é) = %q, want %q", s, got, want)
		}
		if got, want := normal.Fold(s+"é"), normal.Fold(s)+"e"; got != want {
			t.Errorf("Fold(%q + é) = %q, want %q", s, got, want)
		}
	}
}
