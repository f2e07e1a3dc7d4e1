package delivery

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// release builds a release for this platform only, and returns its directory.
func release(t *testing.T) string {
	t.Helper()
	dist := filepath.Join(t.TempDir(), "dist")
	command := inRoot(t.Context(), "scripts/release", dist)
	command.Env = append(os.Environ(), "PLATFORMS=linux/"+runtime.GOARCH, "VERSION=v1.2.3",
		"SOURCE_DATE_EPOCH=1800000000", "CHANGELOG="+changelog(t))
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("scripts/release: %v\n%s", err, output)
	}
	return dist
}

// The release workflow runs the same script for every platform.
func TestRelease(t *testing.T) {
	dist := release(t)
	name := "minicompete_1.2.3_linux_" + runtime.GOARCH
	archive, bill := name+".tar.gz", name+".cdx.json"
	if got, want := fileNames(t, dist), []string{"checksums.txt", bill, archive, "notes.md"}; !slices.Equal(got, want) {
		t.Fatalf("the release holds %q, want %q", got, want)
	}
	sums := string(readFile(t, filepath.Join(dist, "checksums.txt")))
	for _, file := range []string{archive, bill, "notes.md"} {
		sum := sha256.Sum256(readFile(t, filepath.Join(dist, file)))
		if !strings.Contains(sums, hex.EncodeToString(sum[:])+"  "+file+"\n") {
			t.Errorf("the checksums don't hold that of %s:\n%s", file, sums)
		}
	}
	unpacked := unpack(t, filepath.Join(dist, archive))
	program := filepath.Join(unpacked, name, "minicompete")
	if got, want := fileNames(t, filepath.Join(unpacked, name)),
		[]string{".env.example", "CHANGELOG.md", "LICENSE", "README.md", "minicompete"}; !slices.Equal(got, want) {
		t.Errorf("the archive holds %q, want %q", got, want)
	}
	output, err := exec.CommandContext(t.Context(), program, "version").CombinedOutput()
	if err != nil || !strings.Contains(string(output), "1.2.3") {
		t.Errorf("minicompete version: %v, %q", err, output)
	}
	if got, want := string(readFile(t, filepath.Join(dist, "notes.md"))),
		"### Added\n\n- One thing, on two lines.\n- Another.\n"; got != want {
		t.Errorf("the notes are %q, want %q", got, want)
	}
	checkBill(t, program, readFile(t, filepath.Join(dist, bill)))

	if again := string(readFile(t, filepath.Join(release(t), "checksums.txt"))); again != sums {
		t.Errorf("made again, the release has other bytes:\n%s", again)
	}
}

// checkBill checks that the bill of materials lists each module in the binary, nearly all with a license.
func checkBill(t *testing.T, program string, content []byte) {
	t.Helper()
	var bill struct {
		BOMFormat  string
		Components []struct {
			Name, Version string
			Evidence      struct{ Licenses []any }
			Licenses      []any
		}
	}
	if err := json.Unmarshal(content, &bill); err != nil || bill.BOMFormat != "CycloneDX" {
		t.Fatalf("the bill of materials is no CycloneDX: %v", err)
	}
	listed, licensed := map[string]bool{}, 0
	for _, c := range bill.Components {
		listed[c.Name+"@"+c.Version] = true
		if len(c.Licenses)+len(c.Evidence.Licenses) > 0 {
			licensed++
		}
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range info.Deps {
		if !listed[module.Path+"@"+module.Version] {
			t.Errorf("the bill of materials lacks %s %s", module.Path, module.Version)
		}
	}
	if len(info.Deps) < 20 || licensed < len(bill.Components)*9/10 {
		t.Errorf("%d modules are in the binary, %d of %d in the bill have a licence", len(info.Deps), licensed,
			len(bill.Components))
	}
}

func fileNames(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// unpack unpacks an archive into a new directory.
func unpack(t *testing.T, archive string) string {
	t.Helper()
	file, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	packed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for files := tar.NewReader(packed); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag == tar.TypeDir {
			continue
		}
		content, err := io.ReadAll(files)
		path := filepath.Join(dir, filepath.Clean("/"+header.Name))
		if err == nil {
			err = os.MkdirAll(filepath.Dir(path), 0o750)
		}
		if err == nil {
			err = os.WriteFile(path, content, header.FileInfo().Mode().Perm())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
