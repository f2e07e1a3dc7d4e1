package main

import (
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/mail/mailtest"
)

func TestMailTestSendsOneOrSaysWhyNot(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{})
	environment := map[string]string{"SMTP_URL": server.URL, "MAIL_FROM": "club@example.com", "SITE_NAME": "Our Club"}
	got := runToEnd(t, environment, "", "mail", "test", "ada@example.com")
	if got.code != exitOK || got.out != "The mail server accepted a test email to ada@example.com.\n" {
		t.Errorf("got %+v", got)
	}
	if mails := server.To("ada@example.com"); len(mails) != 1 || !strings.Contains(mails[0].Raw, "Our Club") {
		t.Errorf("the server got %+v, want one email from Our Club", mails)
	}

	server.OnRcpt(func(string) error { return mailtest.Refusal(550) })
	for _, test := range []struct {
		settings       map[string]string
		address, names string
		code           int
	}{
		{environment, "ada@example.com", "550", exitError},
		{environment, "ada", "address is invalid", exitError},
		{nil, "ada@example.com", "SMTP_URL is not set", exitUsage},
	} {
		got := runToEnd(t, test.settings, "", "mail", "test", test.address)
		if got.code != test.code || !strings.Contains(got.errOut, test.names) || got.out != "" {
			t.Errorf("%v: got %+v, want exit code %d and an error that contains %q",
				test.address, got, test.code, test.names)
		}
	}
}
