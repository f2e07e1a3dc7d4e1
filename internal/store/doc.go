// Package store implements the stores of package compete on a database.
//
// It contains the schema and its migrations, and the SQL for each noun, in one file per noun. Package sqldb runs that
// on SQLite and PostgreSQL: nothing here names a database. It contains no rules: compete decides what is allowed, and
// the registrar assigns and frees seats, through the Ledger.
package store
