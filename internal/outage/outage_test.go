package outage_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/outage"
)

var errAway = errors.New("connection refused")

func TestAnOutageIsSaidOnce(t *testing.T) {
	var out bytes.Buffer
	r := outage.Report{Logger: slog.New(slog.NewTextHandler(&out, nil)), Away: "it's away", Back: "it's back"}
	for _, err := range []error{nil, errAway, errAway, nil, nil, errAway} {
		r.Note(err, "server", "s")
	}
	got := out.String()
	if strings.Count(got, "it's away") != 2 || strings.Count(got, "it's back") != 1 ||
		strings.Count(got, "connection refused") != 2 || strings.Count(got, "server=s") != 3 {
		t.Errorf("an outage that ends and another one are said so:\n%s", got)
	}
}

func TestAfterARestOneAsksForAll(t *testing.T) {
	b := outage.Breaker{Report: outage.Report{Logger: slog.New(slog.DiscardHandler)}, Rest: time.Hour}
	if b.Resting() || !b.Ask() || !b.Ask() {
		t.Error("before a failure it isn't asked")
	}
	b.Note(errAway)
	if !b.Resting() || b.Ask() {
		t.Error("after a failure it's asked")
	}
	b.Rest = -time.Hour
	b.Note(errAway) // the rest is over at once
	b.Rest = time.Hour
	if b.Resting() || !b.Ask() || b.Ask() {
		t.Error("after a rest it isn't one that asks")
	}
	b.Note(nil)
	if b.Resting() || !b.Ask() || !b.Ask() {
		t.Error("after an answer it isn't asked")
	}
}
