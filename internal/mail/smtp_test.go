package mail

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	smtp "github.com/wneessen/go-mail"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/mail/mailtest"
)

var discard = slog.New(slog.DiscardHandler)

func newSMTP(t *testing.T, server *mailtest.Server, change func(*SMTPConfig)) *SMTP {
	t.Helper()
	config := SMTPConfig{URL: server.URL, From: "Mini Compete <mail@compete.example.com>", Logger: discard}
	if server.Roots != nil {
		config.TLS = &tls.Config{RootCAs: server.Roots, MinVersion: tls.VersionTLS12}
	}
	if change != nil {
		change(&config)
	}
	s, err := NewSMTP(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func testMail(id string) compete.Mail {
	return compete.Mail{
		MessageID: id, Kind: compete.MessageReminder, To: "ada@example.com", ToName: "Ada \"the\" Löve, Lace",
		Subject: "Starting soon: Spring Olympiad – 競", Text: "Hello Ada,\n.\nit starts soon.\n",
		HTML:        "<p>it starts soon: 競</p>\n",
		SentAt:      time.Date(2030, 5, 3, 12, 0, 0, 0, time.UTC),
		Unsubscribe: "https://compete.example.com/unsubscribe?token=x",
	}
}

func send(t *testing.T, s *SMTP, id string) error {
	t.Helper()
	return s.Send(t.Context(), testMail(id))
}

func mustSend(t *testing.T, s *SMTP, id string) {
	t.Helper()
	if err := send(t, s, id); err != nil {
		t.Fatalf("send %s: %v", id, err)
	}
}

func TestAMailArrivesAsItWasWritten(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{})
	mustSend(t, newSMTP(t, server, nil), "018f6b1e")
	mails := server.Mails()
	if len(mails) != 1 {
		t.Fatalf("%d mails arrived, want 1", len(mails))
	}
	got, want := mails[0], testMail("")
	if got.Text != want.Text || got.HTML != want.HTML {
		t.Errorf("text %q and HTML %q, want %q and %q", got.Text, got.HTML, want.Text, want.HTML)
	}
	if got.From != "mail@compete.example.com" || got.To != want.To {
		t.Errorf("from %s to %s", got.From, got.To)
	}
	for name, value := range map[string]string{
		"Message-Id": "<018f6b1e@compete.example.com>", "Date": "Fri, 03 May 2030 12:00:00 +0000",
		"Auto-Submitted":        "auto-generated",
		"List-Unsubscribe":      "<https://compete.example.com/unsubscribe?token=x>",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	} {
		if h := got.Header.Get(name); h != value {
			t.Errorf("%s is %q, want %q", name, h, value)
		}
	}
	to, err := got.Header.AddressList("To")
	if err != nil || to[0].Name != want.ToName {
		t.Errorf("To is %v (%v), want %q", to, err, want.ToName)
	}
	if !strings.Contains(got.Raw, "multipart/alternative") {
		t.Errorf("it is no alternative of two parts:\n%s", got.Raw)
	}
}

func TestOtherMailsCannotBeUnsubscribedFrom(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{})
	m := testMail("1")
	m.Unsubscribe = ""
	if err := newSMTP(t, server, nil).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := server.Mails()[0].Header; got.Get("List-Unsubscribe") != "" || got.Get("List-Unsubscribe-Post") != "" {
		t.Errorf("the header has %v", got)
	}
}

func TestConnectionsAreKeptAndBounded(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{})
	s := newSMTP(t, server, func(c *SMTPConfig) { c.Connections = 3 })
	const mails = 120
	var all sync.WaitGroup
	for i := range mails {
		all.Go(func() {
			if err := send(t, s, fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	made, atOnce := server.Connections()
	if len(server.Mails()) != mails || made > 3 || atOnce > 3 {
		t.Errorf("%d mails over %d connections, %d at once; want %d over at most 3", len(server.Mails()),
			made, atOnce, mails)
	}
}

func TestAConnectionIsReplacedBeforeServersTireOfIt(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{})
	s := newSMTP(t, server, func(c *SMTPConfig) { c.Connections = 1 })
	for i := range mailsPerConnection + 1 {
		mustSend(t, s, fmt.Sprint(i))
	}
	if made, _ := server.Connections(); made != 2 {
		t.Errorf("%d mails over %d connections, want 2", mailsPerConnection+1, made)
	}
}

func TestTLSAndLogins(t *testing.T) {
	for name, o := range map[string]mailtest.Options{
		"STARTTLS":           {TLS: true},
		"STARTTLS and login": {TLS: true, User: "ada", Password: "secret"},
		"smtps":              {Direct: true},
		"smtps and login":    {Direct: true, User: "ada", Password: "secret"},
	} {
		t.Run(name, func(t *testing.T) {
			server := mailtest.Start(t, o)
			mustSend(t, newSMTP(t, server, nil), "1")
			// A certificate from an unknown authority is refused.
			err := send(t, newSMTP(t, server, func(c *SMTPConfig) { c.TLS = nil }), "2")
			if !errors.Is(err, compete.ErrMailServer) || len(server.Mails()) != 1 {
				t.Errorf("with an unknown authority: %v, want ErrMailServer", err)
			}
		})
	}
}

func TestAPasswordIsNeverSentInTheClear(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{User: "ada", Password: "secret"}) // no TLS
	if err := send(t, newSMTP(t, server, nil), "1"); !errors.Is(err, compete.ErrMailServer) {
		t.Errorf("got %v, want ErrMailServer", err)
	}
	plain := mailtest.Start(t, mailtest.Options{})
	required := newSMTP(t, plain, func(c *SMTPConfig) { c.URL += "?tls=required" })
	if err := send(t, required, "1"); !errors.Is(err, compete.ErrMailServer) || len(plain.Mails()) != 0 {
		t.Errorf("tls=required without TLS: got %v, want ErrMailServer", err)
	}
}

func TestAWrongPasswordIsTheServersFault(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{TLS: true, User: "ada", Password: "secret"})
	s := newSMTP(t, server, func(c *SMTPConfig) { c.URL = strings.Replace(c.URL, "secret", "hunter2", 1) })
	err := send(t, s, "1")
	if !errors.Is(err, compete.ErrMailServer) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want ErrMailServer without the password", err)
	}
}

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		name string
		hook func(*mailtest.Server)
		want error // nil means another attempt may succeed
	}{
		{
			"550 to the recipient",
			func(s *mailtest.Server) { s.OnRcpt(func(string) error { return mailtest.Refusal(550) }) },
			compete.ErrMailRefused,
		},
		{
			"554 to the mail",
			func(s *mailtest.Server) { s.OnData(func(mailtest.Mail) error { return mailtest.Refusal(554) }) },
			compete.ErrMailRefused,
		},
		{
			"450 to the recipient",
			func(s *mailtest.Server) { s.OnRcpt(func(string) error { return mailtest.Refusal(450) }) }, nil,
		},
		{
			"451 to the mail",
			func(s *mailtest.Server) { s.OnData(func(mailtest.Mail) error { return mailtest.Refusal(451) }) }, nil,
		},
		{
			"421 to the recipient",
			func(s *mailtest.Server) { s.OnRcpt(func(string) error { return mailtest.Refusal(421) }) },
			compete.ErrMailServer,
		},
		{
			"550 to the sender",
			func(s *mailtest.Server) { s.OnMail(func(string) error { return mailtest.Refusal(550) }) },
			compete.ErrMailServer,
		},
		{
			"hung up in the mail",
			func(s *mailtest.Server) { s.OnData(func(mailtest.Mail) error { return mailtest.ErrHangUp }) }, nil,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := mailtest.Start(t, mailtest.Options{})
			s := newSMTP(t, server, nil)
			tc.hook(server)
			err := send(t, s, "1")
			switch {
			case err == nil:
				t.Error("it was sent")
			case tc.want == nil && (errors.Is(err, compete.ErrMailRefused) || errors.Is(err, compete.ErrMailServer)),
				tc.want != nil && !errors.Is(err, tc.want):
				t.Errorf("got %v, want %v", err, tc.want)
			}
			server.OnMail(nil)
			server.OnRcpt(nil)
			server.OnData(nil)
			mustSend(t, s, "2") // the failure leaves no trace
			if n := len(server.Mails()); n != 1 {
				t.Errorf("%d mails were taken, want the second", n)
			}
		})
	}
}

func TestAnAddressThatIsNoneIsRefused(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{})
	m := testMail("1")
	m.To = "ada@example.com\r\nRCPT TO:<eve@example.com>"
	if err := newSMTP(t, server, nil).Send(t.Context(), m); !errors.Is(err, compete.ErrMailRefused) ||
		len(server.Mails()) > 0 {
		t.Errorf("got %v, want ErrMailRefused", err)
	}
}

func TestASlowServerIsWaitedForSoLong(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{})
	s := newSMTP(t, server, func(c *SMTPConfig) { c.Timeout = 2 * time.Second })
	// It leaves a connection, because one that takes too long to open is another failure.
	check.Eventually(t, "a mail is sent in time", func() bool { return send(t, s, "0") == nil })
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	server.OnRcpt(func(string) error { <-release; return nil })
	err := send(t, s, "1")
	var timeout net.Error
	if err == nil || errors.Is(err, compete.ErrMailServer) || errors.Is(err, compete.ErrMailRefused) {
		t.Errorf("got %v (%v), want a failure that uses up an attempt", err, timeout)
	}
	server.OnRcpt(nil)
	s.options = append(s.options, smtp.WithTimeout(time.Minute))
	mustSend(t, s, "2")
}

func TestAConnectionThatTheServerClosedIsNoFailure(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{})
	s := newSMTP(t, server, nil)
	mustSend(t, s, "1")
	server.Stop()
	server.Restart()
	mustSend(t, s, "2")
	var first atomic.Bool
	server.OnMail(func(string) error {
		if first.CompareAndSwap(false, true) {
			return mailtest.Refusal(421)
		}
		return nil
	})
	mustSend(t, s, "3")
}

// An email whose answer came isn't sent again, whatever the server does next.
func TestAServerThatDiesAfterItsAnswerHasTheMail(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{})
	s := newSMTP(t, server, nil)
	server.AfterAnswer(func(mailtest.Mail) error { return mailtest.ErrHangUp })
	const mails = 3
	for i := range mails {
		mustSend(t, s, fmt.Sprint(i))
	}
	if made, _ := server.Connections(); made != mails || len(server.Mails()) != mails {
		t.Errorf("%d mails came over %d connections, want %d over one each", len(server.Mails()), made, mails)
	}
}

func TestAServerThatIsAwayIsWaitedFor(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{})
	s := newSMTP(t, server, func(c *SMTPConfig) { c.Patience = 200 * time.Millisecond })
	server.Stop()
	for range 2 {
		if err := send(t, s, "1"); !errors.Is(err, compete.ErrMailServer) {
			t.Fatalf("got %v, want ErrMailServer", err)
		}
	}
	s.config.Patience = time.Minute
	server.Restart()
	mustSend(t, s, "2") // after the pause that follows the failures
}

func TestBadURLsAreRefusedWithoutRepeatingThem(t *testing.T) {
	for _, bad := range []string{
		"", "mail.example.com", "http://mail.example.com", "smtp://", "smtp://:secret@",
		"smtp://u:secret@host:0x", "smtp://u:secret@host/path", "smtp://host?tls=off",
	} {
		_, err := NewSMTP(SMTPConfig{URL: bad, From: "mail@example.com"})
		if err == nil || !strings.Contains(err.Error(), "SMTP_URL") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v", bad, err)
		}
	}
	for _, good := range []string{
		"smtp://localhost:1025", "smtps://u:p%40ss@host", "smtp://u:p@host:587",
		"smtp://host?tls=required",
	} {
		if _, err := NewSMTP(SMTPConfig{URL: good, From: "mail@example.com"}); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}
