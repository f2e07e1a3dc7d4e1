package calendar

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/minicompete/minicompete/internal/compete"
)

const page = "https://compete.example.com/competitions/018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f"

func competition() compete.Competition {
	start, end := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC), time.Date(2026, 10, 25, 11, 0, 0, 0, time.UTC)
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	return compete.Competition{
		ID: "018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f",
		CompetitionContent: compete.CompetitionContent{
			Title: "Night Run", Location: "Hall 4", StartDate: &start, EndDate: &end, TimeZone: "Europe/Berlin",
		},
		Status: compete.StatusPublished, Version: 3, CreatedAt: at, UpdatedAt: at.Add(time.Hour),
	}
}

func file(t *testing.T, c compete.Competition) string {
	t.Helper()
	text, err := File(&c, page)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// lines are the content lines of a file, unfolded (RFC 5545, section 3.1).
func lines(text string) []string {
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n ", ""), "\r\n"), "\r\n")
}

func TestFile(t *testing.T) {
	want := []string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Mini Compete//Mini Compete//EN", "METHOD:PUBLISH",
		"BEGIN:VEVENT", "UID:018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f", "DTSTAMP:20260301T100000Z",
		"CREATED:20260301T090000Z",
		"LAST-MODIFIED:20260301T100000Z", "SEQUENCE:3", "STATUS:CONFIRMED", "DTSTART:20261025T003000Z",
		"DTEND:20261025T110000Z",
		"SUMMARY:Night Run",
		`DESCRIPTION:Starts: Sunday\, 25 October 2026 at 02:30 CEST (Europe/Berlin)\nDetails and registration: ` + page,
		"LOCATION:Hall 4", "URL:" + page, "END:VEVENT", "END:VCALENDAR",
	}
	if got := lines(file(t, competition())); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhatChangesIsNewerAndStaysTheSameEvent(t *testing.T) {
	c := competition()
	c.Status, c.Version, c.EndDate, c.Location = compete.StatusCancelled, 4, nil, ""
	text := file(t, c)
	for _, want := range []string{"\r\nUID:" + c.ID + "\r\n", "\r\nSEQUENCE:4\r\n", "\r\nSTATUS:CANCELLED\r\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the file lacks %q:\n%s", want, text)
		}
	}
	for _, unwanted := range []string{"DTEND", "LOCATION"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("the file holds %s", unwanted)
		}
	}
	c.StartDate = nil
	if _, err := File(&c, page); !errors.Is(err, ErrNoStart) {
		t.Errorf("without a start: %v, want ErrNoStart", err)
	}
}

// Text is escaped, and folded at 75 octets between characters; unfolded it is what it was.
func TestTextIsEscapedAndFolded(t *testing.T) {
	for _, title := range []string{
		`A; B, C \ "D": E`, strings.Repeat("競", 120), strings.Repeat("x", 120), strings.Repeat("Zoë <b> ", 15),
		strings.Repeat("a ", 60),
		strings.Repeat("🏃", 60) + ", END:VEVENT",
	} {
		c := competition()
		c.Title, c.Location = title, title
		text := file(t, c)
		for line := range strings.SplitSeq(text, "\r\n") {
			if len(line) > 75 || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n") {
				t.Errorf("a line of %d octets: %q", len(line), line)
			}
		}
		escaped := strings.NewReplacer(`\`, `\\`, `;`, `\;`, `,`, `\,`).Replace(title)
		if got := lines(text); !strings.Contains(strings.Join(got, "\n"), "\nSUMMARY:"+escaped+"\n") {
			t.Errorf("the title %q reads\n%s", title, strings.Join(got, "\n"))
		}
	}
}
