package backup

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/minicompete/minicompete/internal/sqldb"
)

// PostgreSQL's own programs write and read its backups, since they know the catalogs of all versions. They must not be
// older than the server.

// errNoTool is returned on a machine without PostgreSQL's programs.
var errNoTool = errors.New(
	"PostgreSQL backups need pg_dump, pg_restore and psql on the PATH; install postgresql-client, in " +
		"the server's version or later",
)

// postgresTool prepares a run of one of PostgreSQL's programs. complaints receives its standard error.
func postgresTool(
	ctx context.Context, name string, args ...string,
) (command *exec.Cmd, complaints *bytes.Buffer, err error) {
	program, err := exec.LookPath(name)
	if err != nil {
		return nil, nil, errNoTool
	}
	command = exec.CommandContext(ctx, program, args...) //nolint:gosec // one of three names
	complaints = &bytes.Buffer{}
	command.Stderr = complaints
	return command, complaints, nil
}

// reach passes the database's address to the program, with the password in its environment, which no other user of the
// machine can read.
func reach(command *exec.Cmd, databaseURL string) error {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return errors.New("the database URL is invalid") // the cause would quote its password
	}
	query := u.Query()
	password, _ := u.User.Password()
	if query.Has("password") {
		password = query.Get("password")
		query.Del("password")
		u.RawQuery = query.Encode()
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	command.Args = append(command.Args, "--dbname="+u.String(), "--no-password")
	command.Env = os.Environ()
	if password != "" {
		command.Env = append(command.Env, "PGPASSWORD="+password)
	}
	return nil
}

// failed returns a program's error together with its output.
func failed(command *exec.Cmd, complaints *bytes.Buffer, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w: %s", command.Args[0], err, strings.Join(strings.Fields(complaints.String()), " "))
}

func dumpPostgres(ctx context.Context, databaseURL, path string) error {
	dump, complaints, err := postgresTool(ctx, "pg_dump", "--format=custom", "--no-owner",
		"--no-privileges", "--file="+path)
	if err != nil {
		return err
	}
	if err := reach(dump, databaseURL); err != nil {
		return err
	}
	return failed(dump, complaints, dump.Run())
}

// inspectDump has pg_restore convert the whole dump to a script, and reads from that our newest migration, from the
// rows of goose's table, and the number of rows.
func inspectDump(ctx context.Context, path string) (version int64, rows map[string]int64, err error) {
	read, complaints, err := postgresTool(ctx, "pg_restore", "--file=-", path)
	if err != nil {
		return 0, nil, err
	}
	script, err := read.StdoutPipe()
	if err != nil {
		return 0, nil, err
	}
	if err := read.Start(); err != nil {
		return 0, nil, err
	}
	version, rows, err = readScript(script)
	if ran := read.Wait(); ran != nil {
		return 0, nil, failed(read, complaints, ran)
	}
	if err == nil && version < 0 {
		err = errors.New("it has no table goose_db_version")
	}
	return version, rows, err
}

// copyLine matches the start of a table's rows, which end with a line of \\.
var copyLine = regexp.MustCompile(`^COPY (?:\w+\.)?"?(\w+)"? \(`)

// readScript finds the newest version_id, the second column of goose_db_version (-1 if there is none), and counts the
// rows of each table with data.
func readScript(script io.Reader) (version int64, rows map[string]int64, err error) {
	version, rows = -1, map[string]int64{}
	lines := bufio.NewReader(script)
	table := ""
	for continued := false; ; {
		line, more, err := lines.ReadLine() // the beginning of a long line is enough
		if errors.Is(err, io.EOF) {
			return version, rows, nil
		}
		if err != nil {
			return 0, nil, err
		}
		begins := !continued
		continued = more
		switch {
		case !begins:
		case table == "":
			if name := copyLine.FindSubmatch(line); name != nil {
				table = string(name[1])
				if holdsData(table) {
					rows[table] = 0
				}
			}
		case string(line) == `\.`:
			table = ""
		case holdsData(table):
			rows[table]++
		case table == "goose_db_version":
			if columns := strings.Split(string(line), "\t"); len(columns) > 1 {
				if n, err := strconv.ParseInt(columns[1], 10, 64); err == nil {
					version = max(version, n)
				}
			}
		}
	}
}

// restoreDump drops everything and runs the dump's script, in one transaction that is only committed if the script is
// complete.
func restoreDump(ctx context.Context, db *sqldb.DB, path string) error {
	drops, err := dropAll(ctx, db)
	if err != nil {
		return err
	}
	run, complaints, err := postgresTool(ctx, "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1",
		"--output="+os.DevNull)
	if err != nil {
		return err
	}
	if err := reach(run, db.URL()); err != nil {
		return err
	}
	script, err := run.StdinPipe()
	if err != nil {
		return err
	}
	if err := run.Start(); err != nil {
		return err
	}
	wrote := writeScript(ctx, script, drops, path)
	err = errors.Join(wrote, script.Close())
	if ran := run.Wait(); ran != nil { // more informative than the broken pipe
		return failed(run, complaints, ran)
	}
	return err
}

func writeScript(ctx context.Context, to io.Writer, drops []string, path string) error {
	if _, err := io.WriteString(to, "BEGIN;\n"+strings.Join(drops, ";\n")+";\n"); err != nil {
		return err
	}
	read, complaints, err := postgresTool(ctx, "pg_restore", "--no-owner", "--no-privileges", "--file=-", path)
	if err != nil {
		return err
	}
	read.Stdout = to
	if err := read.Run(); err != nil {
		return failed(read, complaints, err)
	}
	_, err = io.WriteString(to, "\nCOMMIT;\n")
	return err
}

// dropAll returns statements that remove all tables, sequences, views, functions and types. Those of extensions stay.
func dropAll(ctx context.Context, db *sqldb.DB) ([]string, error) {
	return sqldb.List(ctx, db.Writer().Unprepared(), sqldb.ScanString, `
		SELECT format('DROP %s IF EXISTS %s CASCADE',
		CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW'
			WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, c.oid::regclass)
			FROM pg_class c WHERE c.relkind IN ('r', 'p', 'S', 'v', 'm')
			AND c.relnamespace = current_schema()::regnamespace
			AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid
			AND d.deptype IN ('e', 'i', 'a')) -- a column's sequence goes with it
		UNION ALL SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure)
			FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace
			AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
		UNION ALL SELECT format('DROP TYPE IF EXISTS %s CASCADE', t.oid::regtype)
			FROM pg_type t WHERE t.typtype IN ('e', 'd') AND t.typnamespace = current_schema()::regnamespace
			AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')`)
}
