package sqldb

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestQuiet(t *testing.T) {
	var said bytes.Buffer
	log := quiet(slog.New(slog.NewTextHandler(&said, nil)))
	for _, derived := range []*slog.Logger{
		log, log.With("name", "goose"), log.WithGroup("river"),
		log.With("a", 1).WithGroup("b").With("c", 2),
	} {
		derived.Info("a step is applied")
		derived.Warn("something is odd")
	}
	if strings.Contains(said.String(), "a step is applied") || strings.Count(said.String(), "something is odd") != 4 {
		t.Errorf("it said %s", said.String())
	}
}
