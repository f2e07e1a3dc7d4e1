package delivery

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Output shown in a document is compared with the command's actual output. Ids, times and tokens differ each time, so
// any two count as equal. "…" stands for omitted output: part of a line, any number of lines if on a line of its own,
// any text in JSON, and further fields as a JSON field name. JSON is compared by value, regardless of layout.
var changing = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "<id>"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`), "<time>"},
	{regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`), "<token>"},
}

func alike(text string) string {
	for _, c := range changing {
		text = c.pattern.ReplaceAllString(text, c.name)
	}
	return text
}

// checkOutput reports where a command's output differs from the document's block.
func checkOutput(language, shown, output string) error {
	if language == "json" {
		var want, got any
		if err := json.Unmarshal([]byte(shown), &want); err != nil {
			return fmt.Errorf("what the document shows is no JSON: %w", err)
		}
		if err := json.Unmarshal([]byte(output), &got); err != nil {
			return fmt.Errorf("the output is no JSON: %w", err)
		}
		return sameJSON("", want, got)
	}
	if !asPattern(shown).MatchString(clean(output) + "\n") {
		return fmt.Errorf("the output isn't what the document shows\n--- shown\n%s", shown)
	}
	return nil
}

// clean normalizes line endings, ids, times and tokens.
func clean(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t\r")
	}
	return strings.TrimRight(alike(strings.Join(lines, "\n")), "\n")
}

func asPattern(shown string) *regexp.Regexp {
	pattern := ""
	for line := range strings.SplitSeq(clean(shown), "\n") {
		if strings.TrimSpace(line) == "…" {
			pattern += `(?:.*\n)*`
			continue
		}
		pattern += strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*") + `\n`
	}
	return regexp.MustCompile(`^` + pattern + `$`)
}

// sameJSON reports where the two differ.
func sameJSON(at string, want, got any) error {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%s is %v, the document shows an object", at, got)
		}
		return sameObject(at, want, object)
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Errorf("%s is %v, the document shows a list of %d", at, got, len(want))
		}
		for i := range want {
			if err := sameJSON(fmt.Sprintf("%s[%d]", at, i), want[i], list[i]); err != nil {
				return err
			}
		}
		return nil
	case string:
		text, ok := got.(string)
		if !ok || !regexp.MustCompile(`^`+strings.ReplaceAll(regexp.QuoteMeta(alike(want)), "…", `[\s\S]*`)+
			`$`).MatchString(alike(text)) {
			return fmt.Errorf("%s is %v, the document shows %q", at, got, want)
		}
		return nil
	}
	if want != got {
		return fmt.Errorf("%s is %v, the document shows %v", at, got, want)
	}
	return nil
}

func sameObject(at string, want, got map[string]any) error {
	var wanted []string
	for name, value := range want {
		if name == "…" {
			continue
		}
		wanted = append(wanted, name)
		if _, ok := got[name]; !ok {
			return fmt.Errorf("%s has no field %q", at, name)
		}
		if err := sameJSON(at+"."+name, value, got[name]); err != nil {
			return err
		}
	}
	for name := range got {
		if _, open := want["…"]; !open && !slices.Contains(wanted, name) {
			return fmt.Errorf("%s has a field %q that the document doesn't show", at, name)
		}
	}
	return nil
}
