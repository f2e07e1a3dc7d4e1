// Package store keeps everything in the database: it implements the stores of package compete with one SQL text for
// SQLite and PostgreSQL.
//
// It owns the schema and its migrations, connections and transactions, and the translation of driver errors into those of
// package compete. dialect.go alone names a database; everything else is written once. It holds no rules: what is allowed
// is decided by compete, and seats are given and taken by the registrar, through the Ledger.
package store
