package validate

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// root is the repository, seen from this package.
const root = "../.."

// secrets are what ./setup.sh writes to .env.
var secrets = map[string]string{
	"POSTGRES_ADMIN_PASSWORD": "4dmin", "POSTGRES_PASSWORD": "p0stgres", "REDIS_PASSWORD": "r3dis",
	"JWT_SECRET": "a secret for tests, known to all!",
}

// load reads a Compose file as `docker compose` does, with these variables alone.
func load(t *testing.T, file string, variables map[string]string) (*types.Project, error) {
	t.Helper()
	var env []string
	for name, value := range variables {
		env = append(env, name+"="+value)
	}
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, file)}, cli.WithEnv(env),
		cli.WithResolvedPaths(true))
	if err != nil {
		t.Fatal(err)
	}
	return options.LoadProject(context.Background())
}

func loaded(t *testing.T, file string, variables map[string]string) *types.Project {
	t.Helper()
	project, err := load(t, file, variables)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return project
}

func with(variables map[string]string, name, value string) map[string]string {
	more := maps.Clone(variables)
	more[name] = value
	return more
}

func without(variables map[string]string, name string) map[string]string {
	fewer := maps.Clone(variables)
	delete(fewer, name)
	return fewer
}

func TestComposeRunsTheSite(t *testing.T) {
	project := loaded(t, "docker-compose.yml", secrets)
	replicas := map[string]int{}
	for name, service := range project.Services {
		replicas[name] = service.GetScale()
	}
	want := map[string]int{"postgres": 1, "redis": 1, "migrate": 1, "web": 2, "api": 2, "worker": 1, "caddy": 1}
	if !maps.Equal(replicas, want) {
		t.Errorf("replicas = %v, want %v", replicas, want)
	}
	for _, name := range []string{"web", "api", "worker"} {
		service := project.Services[name]
		if role := service.Environment["ROLES"]; role == nil || *role != name {
			t.Errorf("%s has ROLES %v", name, role)
		}
		if service.User != "" || !service.ReadOnly {
			t.Errorf("%s runs as user %q, read-only %v; want the image's user and a read-only root", name,
				service.User, service.ReadOnly)
		}
	}
}

func TestComposeStartsInOrderOfHealth(t *testing.T) {
	for _, file := range []string{
		"docker-compose.yml", "docker-compose.dev.yml",
		"scripts/test-services.compose.yaml",
	} {
		project := loaded(t, file, with(secrets, "TEST_PASSWORD", "x"))
		for name, service := range project.Services {
			for other, dependency := range service.DependsOn {
				if dependency.Condition == types.ServiceConditionStarted {
					t.Errorf("%s: %s doesn't wait until %s is ready", file, name, other)
				}
				check := project.Services[other].HealthCheck
				if dependency.Condition == types.ServiceConditionHealthy && (check == nil || len(check.Test) == 0) {
					t.Errorf("%s: %s waits for the health of %s, which has no check", file, name, other)
				}
			}
		}
	}
	project := loaded(t, "docker-compose.yml", secrets)
	for name, before := range map[string][]string{
		"migrate": {"postgres"},
		"web":     {"migrate", "postgres", "redis"}, "api": {"migrate", "postgres", "redis"},
		"worker": {"migrate", "postgres", "redis"},
		"caddy":  {"api", "web"},
	} {
		if got := slices.Sorted(maps.Keys(project.Services[name].DependsOn)); !slices.Equal(got, before) {
			t.Errorf("%s starts after %v, want %v", name, got, before)
		}
	}
}

func TestComposeHasNoDefaultSecrets(t *testing.T) {
	for name := range secrets {
		for what, variables := range map[string]map[string]string{
			"missing": without(secrets, name),
			"empty":   with(secrets, name, ""),
		} {
			_, err := load(t, "docker-compose.yml", variables)
			if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "setup.sh") {
				t.Errorf("%s %s: %v; want a sentence that names it and says how to get it", name, what, err)
			}
		}
	}
}

// published lists the ports that reach the host, as address:port.
func published(project *types.Project) []string {
	var ports []string
	for _, service := range project.Services {
		for _, port := range service.Ports {
			if port.Published != "" {
				ports = append(ports, port.HostIP+":"+port.Published)
			}
		}
	}
	slices.Sort(ports)
	return ports
}

func TestComposeServesLocallyAndUnderADomain(t *testing.T) {
	tests := map[string]struct {
		domain, publicURL, site string
		ports                   []string
	}{
		"without a domain": {
			"", "http://localhost:3000", "http://localhost:8080",
			[]string{"127.0.0.1:3000", "127.0.0.1:3001"},
		},
		"with one": {
			"compete.example.com", "https://compete.example.com", "compete.example.com",
			[]string{"127.0.0.1:3000", "127.0.0.1:3001", ":443", ":80"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			project := loaded(t, "docker-compose.yml", with(secrets, "DOMAIN", test.domain))
			if got := published(project); !slices.Equal(got, test.ports) {
				t.Errorf("published ports = %q, want %q", got, test.ports)
			}
			if got := *project.Services["web"].Environment["PUBLIC_URL"]; got != test.publicURL {
				t.Errorf("PUBLIC_URL = %q, want %q", got, test.publicURL)
			}
			if got := *project.Services["caddy"].Environment["SITE"]; got != test.site {
				t.Errorf("Caddy's site = %q, want %q", got, test.site)
			}
		})
	}
}

// settings are the environment variables that the program reads, as .env.example lists them.
func settings(t *testing.T) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, ".env.example"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(content)) {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "# "), "="); ok && strings.ToUpper(name) == name &&
			!strings.Contains(name, " ") {
			names = append(names, name)
		}
	}
	if !slices.Contains(names, "DATABASE_URL") {
		t.Fatalf(".env.example lists %q, want every setting", names)
	}
	return names
}

func TestComposeSetsWhatTheProgramReads(t *testing.T) {
	known := settings(t)
	project := loaded(t, "docker-compose.yml", secrets)
	for _, name := range []string{"migrate", "web", "api", "worker"} {
		for variable := range project.Services[name].Environment {
			if !slices.Contains(known, variable) {
				t.Errorf("%s sets %s, which the program doesn't read", name, variable)
			}
		}
	}
}

// Every setting that the file doesn't name can be given to each process in another one, which needn't be there.
func TestComposeTakesFurtherSettings(t *testing.T) {
	dir := t.TempDir()
	content, err := os.ReadFile(filepath.Join(root, "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "docker-compose.yml")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	more := []byte("REQUIRE_MFA=admin\nLIMIT_SIGNUPS=7\nROLES=web,api,worker\nDATABASE_URL=sqlite:x.db\n")
	if err := os.WriteFile(filepath.Join(dir, "settings.env"), more, 0o600); err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(here, file)
	if err != nil {
		t.Fatal(err)
	}
	project := loaded(t, relative, secrets)
	for _, name := range []string{"migrate", "web", "api", "worker"} {
		got := project.Services[name].Environment
		if got["REQUIRE_MFA"] == nil || *got["REQUIRE_MFA"] != "admin" ||
			!strings.HasPrefix(*got["DATABASE_URL"], "postgres:") {
			t.Errorf("%s has the settings %v", name, got.ToMapping())
		}
	}
	for _, name := range []string{"web", "api", "worker"} {
		if got := *project.Services[name].Environment["ROLES"]; got != name {
			t.Errorf("%s has the roles %q", name, got)
		}
	}
	for _, name := range []string{"postgres", "redis", "caddy"} {
		if project.Services[name].Environment["LIMIT_SIGNUPS"] != nil {
			t.Errorf("%s has the program's settings", name)
		}
	}
}

// The database is out of reach for all but the program, which logs in as no superuser; only what has to leads outside;
// nobody takes all of the machine's memory.
func TestComposeGivesEachServiceWhatItNeeds(t *testing.T) {
	project := loaded(t, "docker-compose.yml", secrets)
	for name, network := range project.Networks {
		if inside := name == "data" || name == "front"; network.Internal != inside {
			t.Errorf("the network %s: internal is %v, want %v", name, network.Internal, inside)
		}
	}
	for name, want := range map[string][]string{
		"postgres": {"data"}, "redis": {"data"}, "migrate": {"data"},
		"web": {"data", "front", "out"}, "api": {"data", "front"}, "worker": {"data", "out"},
		"caddy": {"edge", "front"},
	} {
		service := project.Services[name]
		if got := slices.Sorted(maps.Keys(service.Networks)); !slices.Equal(got, want) {
			t.Errorf("%s is in the networks %v, want %v", name, got, want)
		}
		if service.MemLimit <= 0 {
			t.Errorf("%s has no limit of memory", name)
		}
	}
	if user := project.Services["postgres"].Environment["POSTGRES_USER"]; user == nil || *user == "minicompete" {
		t.Error("the program's role is PostgreSQL's superuser")
	}
}

// A tag can be moved to another image or action; a digest can't.
func TestForeignCodeIsPinned(t *testing.T) {
	pinned := regexp.MustCompile(`@(sha256:[0-9a-f]{64}|[0-9a-f]{40} # v\d)`)
	used := regexp.MustCompile(`(?m)^\s*(?:- )?(?:uses|image|FROM)(?:: | )(.+)$`)
	ours := regexp.MustCompile(`^(minicompete:|scratch$|\./)`)
	files := []string{
		"docker-compose.yml", "docker-compose.dev.yml", "scripts/test-services.compose.yaml",
		"Dockerfile",
	}
	workflows, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range workflows {
		files = append(files, strings.TrimPrefix(name, root+"/"))
	}
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		found := used.FindAllSubmatch(content, -1)
		if len(found) == 0 {
			t.Errorf("%s uses nothing foreign; is this test still right?", file)
		}
		for _, line := range found {
			if !ours.Match(line[1]) && !pinned.Match(line[1]) {
				t.Errorf("%s uses %s, which may change", file, line[1])
			}
		}
	}
}

func TestComposeMountsFilesThatExist(t *testing.T) {
	for name, service := range loaded(t, "docker-compose.yml", secrets).Services {
		for _, volume := range service.Volumes {
			if volume.Type != types.VolumeTypeBind {
				continue
			}
			if _, err := os.Stat(volume.Source); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestDevelopersComposeListensHereAlone(t *testing.T) {
	project := loaded(t, "docker-compose.dev.yml", nil)
	if got, want := project.ServiceNames(), []string{"mailpit", "postgres", "redis"}; !slices.Equal(got, want) {
		t.Errorf("services = %q, want %q", got, want)
	}
	ports := published(project)
	if len(ports) != 4 {
		t.Errorf("published ports = %q, want one each for PostgreSQL and Redis, and two for Mailpit", ports)
	}
	for _, port := range ports {
		if !strings.HasPrefix(port, "127.0.0.1:") {
			t.Errorf("%s is reached from elsewhere", port)
		}
	}
}
