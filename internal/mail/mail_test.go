package mail

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"minicompete/internal/compete"
)

// competitionKinds are about a registration.
var competitionKinds = slices.DeleteFunc(slices.Clone(kinds), func(k compete.MessageKind) bool { return aboutAccount[k] })

func target(kind compete.MessageKind) compete.Target {
	start := time.Date(2030, 5, 4, 11, 30, 0, 0, time.FixedZone("", 5*60*60))
	return compete.Target{
		Notice:       compete.Notice{Kind: kind},
		Registration: compete.Registration{Position: 3},
		Participant:  compete.Participant{Name: "Ada Lovelace", Email: "ada@example.com"},
		Competition:  compete.Competition{ID: "0190c0de-0000-7000-8000-000000000001", Title: "Spring Olympiad", Location: "Hall 4", StartDate: &start},
	}
}

var composer = Composer{PublicURL: "https://compete.example.com"}

func compose(t *testing.T, target compete.Target) (subject, body string) {
	t.Helper()
	w, err := composer.Compose(target)
	if err != nil {
		t.Fatalf("Compose(%s): %v", target.Kind, err)
	}
	return w.Subject, w.Body
}

func TestEveryKindSaysWhatHappenedAndWhatToDoNext(t *testing.T) {
	says := map[compete.MessageKind][]string{
		compete.MessageConfirmed:            {"is confirmed", "Saturday, 4 May 2030 at 06:30 UTC", "Hall 4"},
		compete.MessageWaitlisted:           {"waitlist", "in place 3", "Saturday, 4 May 2030 at 06:30 UTC"},
		compete.MessagePromoted:             {"came free", "is confirmed", "Saturday, 4 May 2030 at 06:30 UTC"},
		compete.MessageCancelled:            {"is cancelled", "register again"},
		compete.MessageCompetitionCancelled: {"organizer has cancelled", "Saturday, 4 May 2030 at 06:30 UTC", composer.PublicURL + "/competitions\n"},
		compete.MessageReminder:             {"starts soon", "Saturday, 4 May 2030 at 06:30 UTC", "Hall 4"},
	}
	for _, kind := range competitionKinds {
		subject, body := compose(t, target(kind))
		if !strings.HasSuffix(subject, "Spring Olympiad") {
			t.Errorf("%s: subject %q doesn't end with the title", kind, subject)
		}
		wanted := append([]string{"Hello Ada Lovelace,", composer.PublicURL + "/competitions/0190c0de-0000-7000-8000-000000000001\n"}, says[kind]...)
		for _, want := range wanted {
			if !strings.Contains(body, want) {
				t.Errorf("%s: body lacks %q:\n%s", kind, want, body)
			}
		}
	}
}

func TestWhatACompetitionLacksLeavesNoGap(t *testing.T) {
	for _, kind := range competitionKinds {
		bare := target(kind)
		bare.Competition.StartDate, bare.Competition.Location, bare.Registration.Position = nil, "", 0
		_, body := compose(t, bare)
		for _, unwanted := range []string{"\n\n\n", "<nil>", "Where:", "UTC", "in place"} {
			if strings.Contains(body, unwanted) {
				t.Errorf("%s: body holds %q:\n%s", kind, unwanted, body)
			}
		}
	}
}

func TestNothingTypedAddsALineOrAHeader(t *testing.T) {
	for _, kind := range competitionKinds {
		_, honest := compose(t, target(kind))
		hostile := target(kind)
		hostile.Competition.Title = "Spring\r\nBcc: all@example.com\u2028Olympiad\x00"
		hostile.Competition.Location = "Hall\n\nHello Eve,"
		hostile.Participant.Name = "Ada\r\n\tLovelace\u202e\xff"
		subject, body := compose(t, hostile)
		if strings.ContainsAny(subject, "\r\n\x00\u2028\u202e") {
			t.Errorf("%s: subject %q has more than one line", kind, subject)
		}
		if got, want := strings.Count(body, "\n"), strings.Count(honest, "\n"); got != want {
			t.Errorf("%s: %d lines, want %d as without line breaks in the fields:\n%s", kind, got, want, body)
		}
		if strings.ContainsAny(body, "\r\x00\u2028\u202e") {
			t.Errorf("%s: control characters reach the body: %q", kind, body)
		}
	}
}

func TestLongTitlesAreCutBetweenCharacters(t *testing.T) {
	long := target(compete.MessageConfirmed)
	long.Competition.Title = strings.Repeat("競", compete.MaxTitleLength)
	subject, body := compose(t, long)
	if len(subject) > maxSubject || !strings.HasSuffix(subject, "競…") {
		t.Errorf("subject has %d bytes and ends %q, want at most %d and a cut title", len(subject), subject[len(subject)-6:], maxSubject)
	}
	if !strings.Contains(body, long.Competition.Title) {
		t.Error("the body lacks the whole title")
	}
}

func TestAnUnknownKindFails(t *testing.T) {
	if _, err := composer.Compose(target("birthday")); err == nil {
		t.Error("Compose of an unknown kind gave no error")
	}
}

func TestEveryTemplateFileIsUsed(t *testing.T) {
	for _, sort := range []string{"txt", "html"} {
		found, err := fs.Glob(files, "templates/*."+sort)
		if err != nil || len(found) != len(templates)+1 || len(templates) != len(kinds) {
			t.Errorf("%d files .%s (%v) for %d kinds, want one each and the shared one", len(found), sort, err, len(kinds))
		}
	}
}
