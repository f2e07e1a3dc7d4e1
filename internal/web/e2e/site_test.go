package e2e

import (
	"strings"
	"testing"

	"minicompete/internal/apptest"
	"minicompete/internal/testservices"
)

// site is the whole program, on one replica or more.
type site struct {
	replicas []string // where the pages of each are
}

// last is the replica of those who come later: another one than the first, where there are two.
func (s site) last() string { return s.replicas[len(s.replicas)-1] }

// startSite starts one replica on SQLite, with the demo's accounts and competitions.
func startSite(t *testing.T) site {
	t.Helper()
	return site{[]string{apptest.Start(t, apptest.Options{Demo: true}).WebURL}}
}

// eachSite runs a test on one replica with SQLite, and on two with PostgreSQL and Redis.
func eachSite(t *testing.T, test func(t *testing.T, s site)) {
	t.Helper()
	testservices.EachDatabase(t, func(t *testing.T, database string) {
		o, replicas := apptest.Options{DatabaseURL: database}, 1
		if !strings.HasPrefix(database, "sqlite:") {
			o.RedisURL, replicas = testservices.Redis(t), 2
		}
		var s site
		for range replicas {
			s.replicas = append(s.replicas, apptest.Start(t, o).WebURL)
		}
		test(t, s)
	})
}
