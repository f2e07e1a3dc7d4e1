package validate

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// patience is how long the program may take to start on a busy machine.
const patience = time.Minute

// scrape starts the program as scripts/build makes it, asks it for a few things, and returns the series that it
// exports.
func scrape(t *testing.T) []labels.Labels {
	t.Helper()
	addresses := startProgram(t)
	for _, address := range []string{
		addresses["Pages"], addresses["Pages"] + "/auth/login", addresses["API"],
		addresses["API"] + "/nothing",
	} {
		fetch(t, address)
	}
	prometheus := parser.NewParser(parser.Options{})
	var series []labels.Labels
	for line := range strings.Lines(fetch(t, addresses["Metrics"])) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		metric, err := prometheus.ParseMetric(line[:strings.LastIndexByte(line, ' ')])
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		series = append(series, metric)
	}
	if len(series) < 100 {
		t.Fatalf("only %d series are exported", len(series))
	}
	return series
}

// startProgram runs it until the test ends, and returns what it announces.
func startProgram(t *testing.T) map[string]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // a build from nothing takes a while
	t.Cleanup(cancel)
	dir := t.TempDir()
	binary := filepath.Join(dir, "minicompete")
	if output, err := exec.CommandContext(ctx, filepath.Join(root, "scripts", "build"),
		binary).CombinedOutput(); err != nil {
		t.Fatalf("scripts/build: %v\n%s", err, output)
	}
	program := exec.CommandContext(ctx, binary, "serve")
	program.Env = []string{
		"DATABASE_URL=sqlite:" + filepath.Join(dir, "minicompete.db"),
		"WEB_ADDR=127.0.0.1:0", "API_ADDR=127.0.0.1:0", "METRICS_ADDR=127.0.0.1:0", "BCRYPT_COST=4", "LOG_LEVEL=warn",
	}
	output, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	program.Stderr = t.Output()
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = program.Process.Signal(syscall.SIGTERM) // it may have ended
		if err := program.Wait(); err != nil {
			t.Errorf("the program did not stop cleanly: %v", err)
		}
	})
	addresses := map[string]string{}
	silence := time.AfterFunc(patience, func() { _ = output.Close() })
	defer silence.Stop()
	for lines := bufio.NewScanner(output); addresses["Data"] == "" && lines.Scan(); {
		name, address, _ := strings.Cut(strings.TrimSpace(lines.Text()), "  ")
		addresses[name] = strings.TrimSpace(address)
	}
	if addresses["Metrics"] == "" {
		t.Fatalf("the program does not say where its metrics are: %v", addresses)
	}
	return addresses
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
