package backup

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/sqlitefile"
	"github.com/minicompete/minicompete/internal/store"
)

// RestoreHalf starts restoring a backup and dies in the middle. It returns the database as the next process finds it.
func RestoreHalf(ctx context.Context, c store.Config, path, dir string) (url string, err error) {
	db, err := sqldb.OpenExclusive(ctx, c.Database())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if db.Kind() == sqldb.PostgreSQL {
		return c.URL, dieInDump(ctx, db, path, dir)
	}
	file, _, err := sqlitefile.Path(c.URL)
	if err != nil {
		return "", err
	}
	conn, err := db.Writer().SQL().Conn(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	err = conn.Raw(func(driverConn any) error {
		b, err := driverConn.(backupConn).NewRestore(sqldb.SQLiteURI(path) + "?immutable=1")
		if err != nil {
			return err
		}
		more, err := b.Step(20)
		if err != nil || !more {
			return errors.Join(err, errors.New("20 pages are all there is"))
		}
		return errors.Join(os.CopyFS(dir, os.DirFS(filepath.Dir(file))), b.Finish())
	})
	return "sqlite:" + filepath.Join(dir, filepath.Base(file)), err
}

// dieInDump runs a script that ends before its COMMIT.
func dieInDump(ctx context.Context, db *sqldb.DB, path, dir string) error {
	whole, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	half := filepath.Join(dir, "half")
	if err := os.WriteFile(half, whole[:len(whole)*2/3], 0o600); err != nil {
		return err
	}
	if err := copyIn(ctx, db, half); err == nil {
		return errors.New("half a dump is restored")
	}
	return nil
}
