package validate

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"sigs.k8s.io/yaml"
)

// readYAML reads a file of the repository, and fails the test where it has fields that v hasn't.
func readYAML(t *testing.T, name string, v any) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err == nil {
		err = yaml.UnmarshalStrict(content, v)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// pins finds what pins versions, by the ecosystem that Dependabot has for it.
var pins = map[string]*regexp.Regexp{
	"gomod":          regexp.MustCompile(`^go\.mod$`),
	"npm":            regexp.MustCompile(`^package\.json$`),
	"docker":         regexp.MustCompile(`^Dockerfile$`),
	"docker-compose": regexp.MustCompile(`compose(\.\w+)?\.ya?ml$`),
	"github-actions": regexp.MustCompile(`^(ci|release)\.yml$`),
}

// pinned lists the directories with manifests of an ecosystem, as Dependabot names them.
func pinned(t *testing.T, ecosystem string) []string {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", ".cache", "node_modules", "testdata"}, entry.Name()):
			return fs.SkipDir
		case !entry.IsDir() && pins[ecosystem].MatchString(entry.Name()):
			relative, err := filepath.Rel(root, filepath.Dir(name))
			dirs = append(dirs, path.Join("/", filepath.ToSlash(relative)))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

func TestDependabotWatchesEverythingPinned(t *testing.T) {
	var config struct {
		Version int `json:"version"`
		Updates []struct {
			Ecosystem   string         `json:"package-ecosystem"`
			Directories []string       `json:"directories"`
			Schedule    map[string]any `json:"schedule"`
			Cooldown    map[string]any `json:"cooldown"`
			Groups      map[string]any `json:"groups"`
		} `json:"updates"`
	}
	readYAML(t, ".github/dependabot.yml", &config)
	watched := map[string]bool{}
	for _, update := range config.Updates {
		if pins[update.Ecosystem] == nil {
			t.Errorf("%s is no ecosystem that this test knows", update.Ecosystem)
			continue
		}
		watched[update.Ecosystem] = true
		want := pinned(t, update.Ecosystem)
		if update.Ecosystem == "github-actions" {
			want = []string{"/"} // stands for .github/workflows
		}
		if got := slices.Sorted(slices.Values(update.Directories)); !slices.Equal(got, want) {
			t.Errorf("%s: Dependabot looks into %q, versions are pinned in %q", update.Ecosystem, got, want)
		}
	}
	if config.Version != 2 || len(watched) != len(pins) {
		t.Errorf("version %d watches %v, want version 2 and all of %d ecosystems", config.Version, watched, len(pins))
	}
}

func TestIssueFormsAreComplete(t *testing.T) {
	forms, err := filepath.Glob(filepath.Join(root, ".github", "ISSUE_TEMPLATE", "*.yml"))
	if err != nil || len(forms) < 2 {
		t.Fatalf("found %q (%v), want the forms for bugs and ideas", forms, err)
	}
	for _, name := range forms {
		var form struct {
			Name        string   `json:"name"`
			Description string   `json:"description"`
			Labels      []string `json:"labels"`
			Body        []struct {
				Type       string `json:"type"`
				ID         string `json:"id"`
				Attributes struct {
					Label       string   `json:"label"`
					Description string   `json:"description"`
					Value       string   `json:"value"`
					Render      string   `json:"render"`
					Options     []string `json:"options"`
				} `json:"attributes"`
				Validations struct {
					Required bool `json:"required"`
				} `json:"validations"`
			} `json:"body"`
		}
		readYAML(t, strings.TrimPrefix(filepath.ToSlash(name), root+"/"), &form)
		if form.Name == "" || form.Description == "" {
			t.Errorf("%s has no name or no description", name)
		}
		var ids []string
		for _, part := range form.Body {
			asks := slices.Contains([]string{"input", "textarea", "dropdown"}, part.Type) && part.ID != "" &&
				part.Attributes.Label != ""
			says := part.Type == "markdown" && part.Attributes.Value != ""
			if !asks && !says || (part.Type == "dropdown") != (len(part.Attributes.Options) > 0) ||
				asks && slices.Contains(ids, part.ID) {
				t.Errorf("%s: %q isn't a complete part of a form", name, part.Type+" "+part.ID)
			}
			ids = append(ids, part.ID)
		}
	}
}

func TestCodeOwnersOwnFilesThatExist(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, ".github", "CODEOWNERS"))
	if err != nil {
		t.Fatal(err)
	}
	owned := 0
	for line := range strings.Lines(string(content)) {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		found, err := filepath.Glob(filepath.Join(root, words[0]))
		if err != nil || len(found) == 0 || len(words) < 2 || !strings.HasPrefix(words[1], "@") {
			t.Errorf("%q names no files or no owner", line)
		}
		owned++
	}
	if owned == 0 {
		t.Error("nothing has an owner")
	}
}

// TestDevContainer wants what the editor starts to have the Go of the program's image, and to run a script that exists.
func TestDevContainer(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, ".devcontainer", "devcontainer.json"))
	if err != nil {
		t.Fatal(err)
	}
	var container struct {
		Build struct {
			Dockerfile string `json:"dockerfile"`
		} `json:"build"`
		User    string `json:"remoteUser"`
		Created string `json:"postCreateCommand"`
	}
	if err := json.Unmarshal(content, &container); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(root, container.Created)); err != nil || info.Mode()&0o111 == 0 {
		t.Errorf("%q is no script of the repository: %v", container.Created, err)
	}
	developers, program := stages(t, path.Join(".devcontainer", container.Build.Dockerfile))[0],
		stages(t, "Dockerfile")[0]
	release := regexp.MustCompile(`^golang:[\d.]+-`)
	if got, want := release.FindString(developers.BaseName), release.FindString(program.BaseName); got != want ||
		got == "" {
		t.Errorf("developers have %s, the program is built with %s", developers.BaseName, program.BaseName)
	}
	if user := last[*instructions.UserCommand](t, developers); user.User != container.User {
		t.Errorf("the editor works as %q, the image has %q", container.User, user.User)
	}
}
