package backup

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/store"
)

// A backup ends with a manifest and a seal, behind what the database's own tools wrote: those read the file as if it
// ended before.
//
//	… | \n | the manifest as a line of JSON |
//	minicompete-backup 1 <length of that line> <SHA-256 of everything before this line> | \n
//
// So no byte can be lost, added or changed without the seal telling.

// ErrNoManifest refuses a file without a manifest.
var ErrNoManifest = errors.New("the file has no manifest: it was cut off, or made by pg_dump or an older version")

// backupFormat is the version of the format above.
const backupFormat = 1

// Manifest describes a backup's content.
type Manifest struct {
	Format    int              `json:"format"`
	Database  sqldb.Kind       `json:"database"`
	Schema    int64            `json:"schema"` // the newest migration
	CreatedAt time.Time        `json:"createdAt"`
	Rows      map[string]int64 `json:"rows"` // by table, excluding the job queue's
	Size      int64            `json:"size"` // bytes before the manifest
	SHA256    string           `json:"sha256"`
}

var (
	sealLine = regexp.MustCompile(`^minicompete-backup ([0-9]+) ([0-9]{6}) ([0-9a-f]{64})\n$`)
	sealSize = int64(len(seal(0, [sha256.Size]byte{})))
)

func seal(manifestSize int, sum [sha256.Size]byte) string {
	return fmt.Sprintf("minicompete-backup %d %06d %s\n", backupFormat, manifestSize, hex.EncodeToString(sum[:]))
}

// sealFile appends the manifest, with size and checksum filled in, and the seal.
func sealFile(path string, m Manifest) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // the operator says which
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	if m.Size, err = io.Copy(sum, bufio.NewReaderSize(file, 1<<20)); err != nil {
		return err
	}
	m.Format, m.SHA256 = backupFormat, hex.EncodeToString(sum.Sum(nil))
	encoded, err := json.Marshal(m)
	if err != nil {
		return err
	}
	end := append(append([]byte("\n"), encoded...), '\n')
	sum.Write(end)
	end = append(end, seal(len(encoded)+1, [sha256.Size]byte(sum.Sum(nil)))...)
	if _, err := file.WriteAt(end, m.Size); err != nil {
		return err
	}
	return file.Close()
}

// Verify reads a whole backup and returns its manifest. It fails with ErrNoManifest, and with ErrNoBackup if a byte is
// missing, changed or added.
func Verify(path string) (Manifest, error) {
	file, err := os.Open(path) //nolint:gosec // the operator says which
	if err != nil {
		return Manifest{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return Manifest{}, err
	}
	sealAt := info.Size() - sealSize
	if sealAt <= 0 {
		return Manifest{}, ErrNoManifest
	}
	line := make([]byte, sealSize)
	if _, err := file.ReadAt(line, sealAt); err != nil {
		return Manifest{}, err
	}
	parts := sealLine.FindSubmatch(line)
	if parts == nil {
		return Manifest{}, ErrNoManifest
	}
	if format, err := strconv.Atoi(string(parts[1])); err == nil && format > backupFormat {
		return Manifest{}, fmt.Errorf("the backup was made by a newer version of this program: %w", store.ErrTooNew)
	}
	return verified(file, sealAt, line, string(parts[2]))
}

// verified checks the content before the seal against it.
func verified(file io.ReaderAt, sealAt int64, line []byte, length string) (m Manifest, err error) {
	size, err := strconv.ParseInt(length, 10, 64)
	if err != nil || size+1 > sealAt {
		return m, fmt.Errorf("%w: its seal is damaged", ErrNoBackup)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, bufio.NewReaderSize(io.NewSectionReader(file, 0, sealAt), 1<<20)); err != nil {
		return m, err
	}
	if seal(int(size), [sha256.Size]byte(sum.Sum(nil))) != string(line) {
		return m, fmt.Errorf("%w: its checksum is wrong, so it was changed or damaged", ErrNoBackup)
	}
	encoded := make([]byte, size)
	if _, err := file.ReadAt(encoded, sealAt-size); err != nil {
		return m, err
	}
	if err := json.NewDecoder(bytes.NewReader(encoded)).Decode(&m); err != nil || m.Size != sealAt-size-1 {
		return m, fmt.Errorf("%w: its manifest is damaged", ErrNoBackup)
	}
	return m, nil
}
