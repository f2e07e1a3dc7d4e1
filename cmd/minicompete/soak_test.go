package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/mail/mailtest"
	"github.com/minicompete/minicompete/internal/testservices"
)

// soakVariable says how long TestSoak goes on, as in 30m. By default each fault comes once.
const soakVariable = "MINICOMPETE_SOAK"

const (
	soakCrowd       = 60 // press in each fault
	soakBefore      = 20 // of them are told before it comes
	soakConnections = 2  // to the mail server
	// mails that a dying mail server has taken when the program is killed before it notes the last
	answersBeforeKill = 10
)

// How long an answer may take. What the program promises is only checked by a soak of some length, which is started on
// a machine that does nothing else: make test has to pass on any.
const (
	soakPromise  = 3 * time.Second
	soakPatience = apptest.Patience
)

// TestSoak has faults come one after another while people register: the program is killed; its database, Redis or mail
// server goes away, hangs, is slow or resets connections. Whoever was told something has it, everybody is told
// something within a bounded time and gets through afterwards with the same key, the same as they were told, and the
// program needs no restart.
func TestSoak(t *testing.T) {
	t.Parallel() // it mostly waits for answers that don't come
	lasts := time.Duration(0)
	if value := os.Getenv(soakVariable); value != "" {
		var err error
		if lasts, err = time.ParseDuration(value); err != nil {
			t.Fatal(soakVariable, err)
		}
	}
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		s := startSoak(t, databaseURL)
		if lasts > 0 {
			s.patience = soakPromise
		}
		for began, round := time.Now(), 0; round == 0 || time.Since(began) < lasts; round++ {
			for _, f := range s.faults {
				t.Run(f.name, func(t *testing.T) { s.suffer(t, f) })
			}
		}
		s.wantWhole(t)
	})
}

// fault is something that goes wrong, and right again.
type fault struct {
	name       string
	begin, end func(*testing.T)
}

// soak is a program that suffers faults.
type soak struct {
	t           *testing.T // of the whole
	environment map[string]string
	program     *process
	competition string
	databaseURL string
	db          *sql.DB // without a fault in between
	mail        *mailtest.Server
	faults      []fault
	patience    time.Duration // how long an answer may take

	kills   int           // of the program
	people  int           // who have registered
	told    int           // answers that were a registration
	lost    int           // of them were not so afterwards
	twice   int           // got another one when they pressed again
	late    int           // answers that took longer than they may
	again   atomic.Int64  // mails that may have come twice
	longest time.Duration // that an answer took
}

func startSoak(t *testing.T, databaseURL string) *soak {
	t.Helper()
	var cluster *testservices.Cluster
	if strings.HasPrefix(databaseURL, "postgres") {
		if cluster = testservices.StartCluster(t); cluster != nil {
			databaseURL = cluster.Database()
		} else {
			t.Log("this machine has no PostgreSQL of its own, so none is killed")
		}
	}
	s := &soak{
		t: t, databaseURL: databaseURL, mail: mailtest.Start(t, mailtest.Options{}), db: open(t, databaseURL),
		patience: soakPatience,
	}
	redisURL, redis := testservices.BehindProxy(t, testservices.Redis(t))
	through := databaseURL
	s.faults = []fault{
		{
			"killed", func(*testing.T) { s.program.kill(); s.kills++; s.again.Add(soakConnections * 16) },
			func(*testing.T) { s.program = serve(t, s.environment) },
		},
		s.mailServerDies(), s.mailServerDiesBeforeOurNote(),
	}
	if strings.HasPrefix(databaseURL, "postgres") {
		var database *testservices.Proxy
		through, database = testservices.BehindProxy(t, databaseURL)
		s.faults = append(s.faults, faultsOf("database", database)...)
		s.faults = append(s.faults, s.databaseRestarts())
		if cluster != nil {
			s.faults = append(s.faults, fault{
				"database killed", func(*testing.T) { cluster.Kill() }, func(*testing.T) { cluster.Start() },
			})
		}
	} else {
		s.faults = append(s.faults, s.databaseLocked())
	}
	s.faults = append(s.faults, faultsOf("redis", redis)...)
	s.environment = map[string]string{
		"JOB_MAX_ATTEMPTS": "25", // each kill and each death of the mail server uses one up
		"DATABASE_URL":     through, "REDIS_URL": redisURL, "LOG_LEVEL": "error", "QUEUE_TIMEOUT": "2.5s",
		"SMTP_URL": s.mail.URL, "MAIL_CONNECTIONS": fmt.Sprint(soakConnections),
		"MAIL_FROM":              "mail@compete.example.com",
		"REQUIRE_VERIFIED_EMAIL": "false", // the organizer publishes at once
	}
	s.program = serve(t, s.environment)
	s.competition = s.program.newCompetition(t)
	return s
}

// faultsOf are those of the network on the way to something.
func faultsOf(what string, proxy *testservices.Proxy) []fault {
	disturbed := func(name, toxic, attributes string) fault {
		return fault{
			what + " " + name, func(*testing.T) { proxy.Disturb(toxic, attributes) },
			func(*testing.T) { proxy.Calm() },
		}
	}
	return []fault{
		{what + " away", func(*testing.T) { proxy.Cut() }, func(*testing.T) { proxy.Restore() }},
		{what + " half-open", func(*testing.T) { proxy.Silence() }, func(*testing.T) { proxy.Speak() }},
		disturbed("slow", "latency", `{"latency":200,"jitter":100}`),
		disturbed("resets", "reset_peer", `{"timeout":20}`),
		disturbed("in a black hole", "timeout", `{"timeout":0}`),
	}
}

// mailServerDies is a mail server that dies each time it has taken a mail, before it says so.
func (s *soak) mailServerDies() fault {
	var died atomic.Bool
	return fault{"mail server dies", func(*testing.T) {
		died.Store(false)
		s.mail.AfterData(func(mailtest.Mail) error {
			died.Store(true)
			s.again.Add(1)
			return mailtest.ErrHangUp
		})
	}, func(t *testing.T) {
		apptest.Eventually(t, apptest.Patience, "it has taken a mail and died", died.Load)
		s.mail.AfterData(nil)
	}}
}

// mailServerDiesBeforeOurNote is a mail server that dies each time it has said that it took a mail, and the program is
// killed with one such answer, before it notes that. Only what it had in hand may come again.
func (s *soak) mailServerDiesBeforeOurNote() fault {
	return fault{"mail server dies after its answer", func(t *testing.T) {
		died, kill := 0, s.program.cmd.Process.Kill
		var mu sync.Mutex
		s.mail.AfterAnswer(func(mailtest.Mail) error {
			mu.Lock()
			defer mu.Unlock()
			if died++; died == answersBeforeKill {
				if err := kill(); err != nil {
					t.Error(err)
				}
			}
			return mailtest.ErrHangUp
		})
	}, func(t *testing.T) {
		select {
		case <-s.program.ended:
		case <-time.After(apptest.Patience):
			t.Error("the mail server hasn't taken enough mails")
		}
		s.mail.AfterAnswer(nil)
		s.program.kill()
		s.kills++
		s.again.Add(soakConnections * 16)
		s.program = serve(s.t, s.environment)
	}}
}

// databaseRestarts is a server that ends every connection and takes no new ones until it's back.
func (s *soak) databaseRestarts() fault {
	name := s.databaseURL[strings.LastIndexByte(s.databaseURL, '/')+1:]
	name, _, _ = strings.Cut(name, "?")
	server := open(s.t, strings.Replace(s.databaseURL, "/"+name, "/postgres", 1))
	allow := func(t *testing.T, yes string) {
		for _, statement := range []string{
			`ALTER DATABASE ` + name + ` ALLOW_CONNECTIONS ` + yes,
			`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '` + name + `'`,
		} {
			if _, err := server.ExecContext(context.Background(), statement); err != nil {
				t.Error(err)
			}
		}
	}
	return fault{"database restarts", func(t *testing.T) { allow(t, "false") }, func(t *testing.T) { allow(t, "true") }}
}

// databaseLocked is another process that writes to the file and doesn't end.
func (s *soak) databaseLocked() fault {
	other := open(s.t, s.databaseURL)
	execute := func(t *testing.T, statement string) {
		if _, err := other.ExecContext(context.Background(), statement); err != nil {
			t.Error(err)
		}
	}
	return fault{
		"database locked", func(t *testing.T) { execute(t, "BEGIN IMMEDIATE") },
		func(t *testing.T) { execute(t, "ROLLBACK") },
	}
}

// suffer has a crowd press while a fault comes, and again when it's over.
func (s *soak) suffer(t *testing.T, f fault) {
	tokens := insertCrowd(t, s.db, soakCrowd)
	begun := sync.OnceFunc(func() { f.begin(t) })
	told := s.press(t, tokens, func(n int) {
		if n == soakBefore {
			begun()
		}
	})
	begun()
	f.end(t)
	apptest.Eventually(t, apptest.Patience, "the program is well again", func() bool {
		status, err := s.program.call(http.MethodGet, "/health", "", nil, nil)
		return err == nil && status == http.StatusOK
	})
	after := registrations(t, s.db, s.competition)
	again, others := map[string]answer{}, maps.Clone(tokens)
	apptest.Eventually(t, apptest.Patience, "everybody got through", func() bool {
		got := s.press(t, others, func(int) {})
		maps.Copy(again, got)
		maps.DeleteFunc(others, func(user, _ string) bool { _, through := got[user]; return through })
		return len(others) == 0
	})
	for user, first := range told {
		if after[user] != first.registration {
			s.lost++
			t.Errorf("%s was told %+v, and has %+v", user, first, after[user])
		}
	}
	for user, second := range again {
		if was, counted := after[user]; counted && second.registration != was {
			s.twice++
			t.Errorf("%s has %+v; the second press got %+v", user, was, second)
		}
	}
	s.people += len(tokens)
	s.told += len(told) + len(again)
	t.Logf("%d of %d were told something before or during the fault; the longest answer so far took %v", len(told),
		len(tokens), s.longest)
}

// press presses once for each of the tokens. An answer is a registration or 503; none is an answer if the connection
// ends, and never if it takes too long.
func (s *soak) press(t *testing.T, tokens map[string]string, pressed func(n int)) map[string]answer {
	t.Helper()
	program, told := s.program, map[string]answer{}
	var mu sync.Mutex
	eachAtOnce(16, tokens, func(user string) {
		began := time.Now()
		answered, err := program.press(s.competition, user, tokens[user])
		took := time.Since(began)
		mu.Lock()
		defer mu.Unlock()
		s.longest = max(s.longest, took)
		switch {
		case took > s.patience:
			s.late++
			t.Errorf("%s waited for %v; the answer is %+v, %v", user, took, answered, err)
		case errors.Is(err, errNotTaken):
			t.Error(err)
		case err == nil:
			told[user] = answered
			pressed(len(told))
		}
	})
	return told
}

// wantWhole wants everybody to have what they were told, once, with one message, and its mail at least once.
func (s *soak) wantWhole(t *testing.T) {
	t.Helper()
	// Of jobs that were in hand when their process or database went away, the queue learns after five minutes, which
	// pass at once.
	s.program.kill()
	s.again.Add(soakConnections * 16)
	leaveBehind(t, s.db, s.databaseURL)
	s.program = serve(t, s.environment)
	wantNobodyPending(t, s.db)
	wantWhole(t, s.db, s.people, 0)
	wantRecorded(t, s.db, s.people)
	messages := s.people + 1 // and the organizer's address is to be confirmed
	apptest.Eventually(t, apptest.Patience, "every message is noted as taken", func() bool {
		return count(t, s.db, `SELECT count(*) FROM messages WHERE delivered_at IS NOT NULL`) == messages
	})
	arrived := map[string]bool{}
	for _, m := range s.mail.Mails() {
		arrived[m.MessageID] = true
	}
	again := len(s.mail.Mails()) - len(arrived)
	if most := int(s.again.Load()); len(arrived) != messages || again > most {
		t.Errorf("%d different mails of %d messages; %d came again, want %d at most", len(arrived),
			messages, again, most)
	}
	t.Logf("%d registered; %d answers, %d lost, %d told twice; %d took longer than %v, the longest %v; %d kills; "+
		"%d mails came again", s.people, s.told, s.lost, s.twice, s.late, s.patience, s.longest, s.kills, again)
}
