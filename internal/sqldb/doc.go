// Package sqldb runs one SQL text on SQLite and PostgreSQL, in the fastest way for each.
//
// It handles connections, the few differences in syntax (the marks in a text), prepared statements, transactions,
// statements for many rows, pipelines of several statements in one message, migrations, locks between processes, and
// the meaning of driver errors. Packages that use it neither name a database nor see a driver's error. It knows no
// tables: texts, rows and the schema come from the caller.
//
// A program opens a DB, which has two pools: Writer for statements that change data, of which SQLite has one
// connection, and Reader for everything else. List, One and Change run a text there or in a transaction:
//
//	db, err := sqldb.Open(ctx, sqldb.Config{URL: "sqlite:data/notes.db"})
//	notes, err := sqldb.List(ctx, db.Reader(), scanNote,
//		`SELECT n.id FROM notes n WHERE n.id {any $1 uuid}`, db.Array(ids))
//	err = db.Transact(ctx, func(ctx context.Context, tx *sqldb.Tx) error { … })
//
// Texts are constants: each is rendered for the database once, and kept prepared where that pays. Texts that vary are
// built by a Statement and, if there are many variants, run by Pool.Unprepared.
package sqldb
