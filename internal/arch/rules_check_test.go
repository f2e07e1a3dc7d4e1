package arch

import (
	"strings"
	"testing"
)

// TestRulesNoticeWhatBreaksThem breaks each rule once and expects a violation. Next to each are similar imports that
// are allowed.
func TestRulesNoticeWhatBreaksThem(t *testing.T) {
	imports := func(paths ...string) *goPackage { return &goPackage{imports: paths, documented: true} }
	tests := map[string]struct {
		packages map[string]*goPackage
		want     string // text of the one violation; "" means there is none
	}{
		"domain imports a library": {
			of("internal/compete", imports("github.com/google/uuid")),
			"standard library alone",
		},
		"domain imports the module": {
			of("internal/compete", imports(module+"internal/auth")),
			"standard library alone",
		},
		"domain imports SQL":          {of("internal/compete", imports("database/sql")), "standard library alone"},
		"domain imports HTTP":         {of("internal/compete", imports("net/http")), "standard library alone"},
		"domain imports text forms":   {of("internal/compete", imports(module+"internal/normal")), ""},
		"domain imports the standard": {of("internal/compete", imports("errors", "net/mail", "unicode/utf8")), ""},
		"tests of the domain are free": {of("internal/compete",
			&goPackage{documented: true, testImports: []string{"github.com/google/go-cmp/cmp"}}), ""},

		"store imports a front door": {
			of("internal/store", imports(module+"internal/api"), "internal/api", imports()),
			"internal/store -> internal/api must not reach",
		},
		"the SQL engine imports the program": {
			of("internal/sqldb", imports(module+"internal/compete"), "internal/compete", imports()),
			"knows nothing of the program",
		},
		"the SQL engine reads URLs": {of("internal/sqldb", imports(module+"internal/sqlitefile"),
			"internal/sqlitefile", imports()), ""},
		"the store names a database": {
			of("internal/store", imports("github.com/jackc/pgx/v5/pgconn")),
			"only internal/sqldb knows databases",
		},
		"the SQL engine names databases": {of("internal/sqldb", imports("github.com/jackc/pgx/v5/pgconn")), ""},
		"jobs import the wiring through another": {
			of("internal/jobs", imports(module+"internal/config"),
				"internal/config", imports(module+"internal/web"), "internal/web", imports()),
			"internal/jobs -> internal/config -> internal/web must not reach",
		},
		"api imports web": {
			of("internal/api", imports(module+"internal/web/ui"), "internal/web/ui", imports()),
			"internal/api -> internal/web/ui must not reach",
		},
		"web imports api": {
			of("internal/web/pages", imports(module+"internal/api"), "internal/api", imports()),
			"internal/web/pages -> internal/api must not reach",
		},
		"api reaches the store through another": {
			of("internal/api", imports(module+"internal/server"),
				"internal/server", imports(module+"internal/store"), "internal/store", imports()),
			"internal/api -> internal/server -> internal/store must not reach",
		},
		"a name that only begins alike": {
			of("internal/api", imports(module+"internal/storefront"), "internal/storefront", imports()), "",
		},
		"the wiring imports everything": {
			of("internal/app", imports(module+"internal/api", module+"internal/store"),
				"internal/api", imports(), "internal/store", imports()),
			"",
		},
		"somebody imports the wiring": {
			of("internal/server", imports(module+"internal/app"), "internal/app", imports()), "only cmd, internal/app,",
		},
		"the command imports the wiring": {
			of("cmd/minicompete", imports(module+"internal/app"), "internal/app", imports()), "",
		},
		"the program imports a test suite": {
			of("internal/app", imports(module+"internal/mail/mailtest")),
			"outside of tests",
		},
		"the program imports a test helper": {
			of("internal/bench", imports(module+"internal/testservices")),
			"outside of tests",
		},
		"a test helper imports another": {of("internal/apptest", imports(module+"internal/testservices")), ""},
		"a test imports a test helper": {
			of("internal/api", &goPackage{documented: true, testImports: []string{module + "internal/apptest"}}), "",
		},
		"a package says nothing about itself": {of("internal/mail", &goPackage{}), "no package comment"},
		"a package of tests needs no comment": {of("internal/mail", &goPackage{testOnly: true}), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := violations(test.packages)
			switch {
			case test.want == "" && len(got) > 0:
				t.Errorf("violations = %q, want none", got)
			case test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)):
				t.Errorf("violations = %q, want one that says %q", got, test.want)
			}
		})
	}
}

// of creates the packages of a module from alternating names and packages.
func of(pairs ...any) map[string]*goPackage {
	packages := map[string]*goPackage{}
	for i := 0; i < len(pairs); i += 2 {
		packages[pairs[i].(string)] = pairs[i+1].(*goPackage)
	}
	return packages
}
