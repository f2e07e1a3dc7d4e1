package drand_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/drand"
	"github.com/minicompete/minicompete/internal/draw"
)

// The signatures of rounds 1000 and 1001.
const (
	signature = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39"
	another   = "b33bf3667cbd5a82de3a24b4e0e9fe5513cc1a0e840368c6e31f5fcfa79bea03f73896b25883abf2853d10337fb8fa41"
)

func TestRelays(t *testing.T) {
	relay := func(status int, body string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "c84e971/public/1000") {
				t.Errorf("asked for %s", r.URL.Path)
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	genuine := fmt.Sprintf(`{"round":1000,"randomness":"00","signature":%q}`, signature)
	forged := relay(http.StatusOK, fmt.Sprintf(`{"round":1000,"signature":%q}`, another))
	broken, early := relay(http.StatusBadGateway, "sorry"), relay(http.StatusTooEarly, "")
	client := &http.Client{}
	relays := []string{forged, broken, relay(http.StatusOK, genuine)}
	got, err := drand.Client{Relays: relays, HTTP: client}.Round(t.Context(), 1000)
	if err != nil || got.Signature != signature {
		t.Errorf("got %v, %v", got, err)
	}
	_, err = drand.Client{Relays: []string{broken, early}, HTTP: client}.Round(t.Context(), 1000)
	if !errors.Is(err, draw.ErrNotYet) {
		t.Errorf("got %v, want ErrNotYet", err)
	}
	_, err = drand.Client{Relays: []string{forged}, HTTP: client}.Round(t.Context(), 1000)
	if !errors.Is(err, draw.ErrRandomness) {
		t.Errorf("got %v, want ErrRandomness", err)
	}
}
