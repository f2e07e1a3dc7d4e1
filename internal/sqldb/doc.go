// Package sqldb runs one SQL text on SQLite and PostgreSQL, the way that is fastest on each.
//
// It owns connecting, the few words in which the databases differ (the marks of a text), prepared statements,
// transactions, statements for many rows, pipelines of several statements in one message, migrations, locks between
// processes, and what a driver's error means. Nothing above it names a database or sees a driver's error. It knows no
// table: texts, rows and the schema are its caller's.
//
// A program opens a DB, which has two pools: Writer for what changes data, of which SQLite has one connection, and
// Reader for everything else. List, One and Change run a text there or in a transaction:
//
//	db, err := sqldb.Open(ctx, sqldb.Config{URL: "sqlite:data/notes.db"})
//	notes, err := sqldb.List(ctx, db.Reader(), scanNote,
//		`SELECT n.id FROM notes n WHERE n.id {any $1 uuid}`, db.Array(ids))
//	err = db.Transact(ctx, func(ctx context.Context, tx *sqldb.Tx) error { … })
//
// Texts are constants: each is rendered for the database once, and kept prepared where that pays. Text that varies is
// put together by a Statement and, when its variants are many, run by Pool.Unprepared.
package sqldb
