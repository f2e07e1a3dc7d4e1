// Package store keeps everything in the database: it implements the stores of package compete.
//
// It owns the schema and its migrations, and the SQL for each noun, a file each. Package sqldb runs that on SQLite and
// PostgreSQL: nothing here names a database. It holds no rules: what is allowed is decided by compete, and seats are
// given and taken by the registrar, through the Ledger.
package store
