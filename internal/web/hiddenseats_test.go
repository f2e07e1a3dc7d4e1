package web_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestSeatsOfADraftAreForItsStaff follows a draft and a published competition: visitors hear of one.
func TestSeatsOfADraftAreForItsStaff(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer, staff := s.organized()
		draft, published := organizer.Create(map[string]any{"status": "DRAFT"}), organizer.Create(nil)
		told := func(b *browser) string { // the ids are sent in order, so that of the draft comes first
			ctx, cancel := context.WithTimeout(t.Context(), apptest.Patience)
			defer cancel()
			request, err := http.NewRequestWithContext(ctx, http.MethodGet,
				s.WebURL+"/live?c="+draft+"&c="+published, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			response, err := b.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			var text strings.Builder
			lines := bufio.NewScanner(response.Body)
			for lines.Scan() && !strings.Contains(text.String(), published) {
				text.WriteString(lines.Text())
			}
			return text.String()
		}
		if !strings.Contains(told(staff), draft) {
			t.Error("its organizer isn't told of a draft's seats")
		}
		if got := told(s.browser(t)); strings.Contains(got, draft) || !strings.Contains(got, published) {
			t.Errorf("a visitor is told %q", got)
		}
	})
}
