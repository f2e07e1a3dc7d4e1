package sheet_test

import (
	"encoding/csv"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sheet"
)

func TestRow(t *testing.T) {
	var b strings.Builder
	w := sheet.NewWriter(&b)
	rows := [][]string{{"seq", "", "Ada \"the first\" Lovelace, Countess"}, {"1;2", "line\nbreak", "Émile 🏃 ירושלים"}}
	for _, row := range rows {
		if err := w.Row(row...); err != nil {
			t.Fatal(err)
		}
	}
	const want = "\"seq\",\"\",\"Ada \"\"the first\"\" Lovelace, " +
		"Countess\"\r\n\"1;2\",\"line\nbreak\",\"Émile 🏃 ירושלים\"\r\n"
	if b.String() != want {
		t.Errorf("got %q\nwant %q", b.String(), want)
	}
	got, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rows, got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestFormulas(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "Ada": "Ada", "a=1": "a=1", "Jean-Luc": "Jean-Luc", "ada@example.com": "ada@example.com",
		"Smith, Ada": "Smith, Ada", "a\nb": "a\nb",
		"=1+1": "'=1+1", "+41": "'+41", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t1": "'\t1",
		"\r1": "'\r1", "\n1": "'\n1",
		"＝1+1": "'＝1+1", "＋1": "'＋1", "－1": "'－1", "＠SUM(A1)": "'＠SUM(A1)",
		"x;=1+1": "x;'=1+1", "x,=1+1": "x,'=1+1", "x\t=1+1": "x\t'=1+1", "x\n=1+1": "x\n'=1+1",
		"x\r\n=1+1": "x\r\n'=1+1", "x;＝1+1": "x;'＝1+1",
		"x; =1+1": "x;' =1+1", `x;"=1+1;y`: `x;'"=1+1;y`, "x;;=1": "x;;'=1", "x;\u200b=1": "x;'\u200b=1",
		` "=1`: `' "=1`, "\ufeff=1": "'\ufeff=1",
		"=1;=2": "'=1;'=2", "x;y": "x;y", "x;": "x;",
	} {
		var b strings.Builder
		if err := sheet.NewWriter(&b).Row(cell); err != nil {
			t.Fatal(err)
		}
		if want = `"` + strings.ReplaceAll(want, `"`, `""`) + "\"\r\n"; b.String() != want {
			t.Errorf("%q becomes %q, want %q", cell, b.String(), want)
		}
	}
}

// FuzzRow splits the output like a spreadsheet with any one of the separators, with or without quotes, and finds no
// formula.
func FuzzRow(f *testing.F) {
	for _, seed := range []string{"x;=1+1", `";"=1`, "a,\"\"\t＝1", "\r\n@x", ";\u00a0-1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		var b strings.Builder
		if err := sheet.NewWriter(&b).Row("1", cell, "2"); err != nil {
			t.Fatal(err)
		}
		line := strings.TrimSuffix(b.String(), "\r\n")
		for _, separator := range []string{";", ",", "\t", "\n", "\r"} {
			for piece := range strings.SplitSeq(line, separator) {
				piece = strings.Trim(piece, "\" \u00a0\u200b")
				for _, sign := range []string{"=", "+", "-", "@", "＝", "＋", "－", "＠"} {
					if strings.HasPrefix(piece, sign) {
						t.Fatalf("%q is written as %q, which has the formula %q", cell, line, piece)
					}
				}
			}
		}
	})
}

func TestName(t *testing.T) {
	day := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for title, want := range map[string]string{
		"Spring Cup: Finals (2/3)": `attachment; filename="spring-cup-finals-2-3-registrations-2026-11-29.csv"`,
		"Große Läufe":              `attachment; filename="grosse-laufe-registrations-2026-11-29.csv"; filename*=UTF-8''gro%C3%9Fe-l%C3%A4ufe-registrations-2026-11-29.csv`,
		"מרוץ":                     `attachment; filename="registrations-2026-11-29.csv"; filename*=UTF-8''%D7%9E%D7%A8%D7%95%D7%A5-registrations-2026-11-29.csv`,
		"“!”":                      `attachment; filename="registrations-2026-11-29.csv"`,
		strings.Repeat("ab ", 40): `attachment; filename="` + strings.TrimSuffix(strings.Repeat("ab-", 20), "-") +
			`-registrations-2026-11-29.csv"`,
	} {
		if got := sheet.Attachment(sheet.Name(title, day)); got != want {
			t.Errorf("%q: got %s\nwant %s", title, got, want)
		}
	}
}

func TestAuditFile(t *testing.T) {
	at := time.Date(2026, 11, 29, 9, 30, 0, 5000, time.UTC)
	entries := []compete.AuditEntry{
		{
			ID: "1", ActorName: `Ada "the first", Countess`, UserName: "=1+1", CompetitionTitle: "+Cup",
			AuditRecord: compete.AuditRecord{
				At: at, Action: compete.AuditRemoved, ActorID: "a", UserID: "u", CompetitionID: "c", SubjectID: "s",
				Via: compete.ViaPage, Address: "::1", RequestID: "@r",
				Before: compete.AuditFields("status", "PENDING"), After: compete.AuditFields("note", "x;=1+1"),
			},
		},
		{AuditRecord: compete.AuditRecord{At: at, Action: compete.AuditLogShortened, Via: compete.ViaJob}},
	}
	w := httptest.NewRecorder()
	sheet.SendAudit(w, httptest.NewRequest(http.MethodGet, "/", nil), slog.New(slog.DiscardHandler),
		sheet.AuditName("Große Regatta", at), sheet.BOM,
		func(yield func([]compete.AuditEntry, error) bool) {
			_ = yield(entries[:1], nil) && yield(entries[1:], nil)
		})
	const want = sheet.BOM +
		`"id","at","action","actorId","actor","userId","user","competitionId","competition","subjectId","before","after","via","address","requestId"` + "\r\n" +
		`"1","2026-11-29T09:30:00.000005Z","registration.removed","a","Ada ""the first"", Countess","u","'=1+1","c","'+Cup","s",` +
		`"{""status"":""PENDING""}","{""note"":""x;'=1+1""}","page","::1","'@r"` + "\r\n" +
		`"","2026-11-29T09:30:00.000005Z","audit.shortened","","","","","","","","","","job","",""` + "\r\n"
	if got := w.Body.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got, want := w.Header().Get("Content-Disposition"),
		`attachment; filename="grosse-regatta-audit-2026-11-29.csv"; filename*=UTF-8''gro%C3%9Fe-regatta-audit-2026-11-29.csv`; got != want {
		t.Errorf("it's sent as %s, want %s", got, want)
	}
}

// TestSlowReaders downloads a file that takes longer than the server's limit for a whole response: each piece has its
// own time limit.
func TestSlowReaders(t *testing.T) {
	const rows = 200_000
	site := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sheet.Send(w, r, slog.New(slog.DiscardHandler),
			sheet.File{Name: "list.csv", Mark: sheet.BOM, Parts: parts(rows, nil)})
	}))
	site.Config.WriteTimeout = time.Nanosecond // expires before the first byte
	site.Start()
	defer site.Close()
	response, err := site.Client().Get(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	mark := make([]byte, len(sheet.BOM))
	if _, err := response.Body.Read(mark); err != nil || string(mark) != sheet.BOM {
		t.Fatalf("it begins with %q, %v", mark, err)
	}
	got, err := csv.NewReader(response.Body).ReadAll()
	if err != nil || len(got) != rows+1 {
		t.Fatalf("%d rows, error %v; want %d and a header", len(got), err, rows)
	}
}

func TestHalfAFileIsCut(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sheet.Send(w, r, slog.New(slog.DiscardHandler),
			sheet.File{Name: "list.csv", Parts: parts(10_000, errors.New("the database is away"))})
	}))
	defer site.Close()
	response, err := site.Client().Get(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got, err := csv.NewReader(response.Body).ReadAll(); err == nil {
		t.Errorf("%d rows arrived as if they were all", len(got))
	}
}

// parts yields n registrations, a hundred at a time, and then the failure, if any.
func parts(n int, failure error) iter.Seq2[[]compete.ParticipantRegistration, error] {
	return func(yield func([]compete.ParticipantRegistration, error) bool) {
		for ; n > 0; n -= 100 {
			if !yield(make([]compete.ParticipantRegistration, 100), nil) {
				return
			}
		}
		if failure != nil {
			yield(nil, failure)
		}
	}
}
