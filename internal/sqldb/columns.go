package sqldb

import (
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Column is a column of a table whose rows a program keeps as T.
type Column[T any] struct {
	Name  string       // of the column; empty: it is only read
	Type  string       // as a Bulk has it
	Field func(*T) any // what a row is read into, as Scan takes it: a pointer into T, or an Optional
	Value func(*T) any // what is written; nil: what Field points to
	Read  string       // SQL that is read instead of the column, such as another table's column
}

// Columns declare each column of a table once: what selects, scans, inserts and updates it follows from that.
type Columns[T any] []Column[T]

// Select is the list of what Scan reads, of the table that a query calls alias.
func (c Columns[T]) Select(alias string) string {
	read := make([]string, len(c))
	for i, column := range c {
		if read[i] = column.Read; column.Read == "" {
			read[i] = alias + "." + quotedName(column.Name)
		}
	}
	return strings.Join(read, ", ")
}

// Reading returns the same columns, of which one, named as Name or Read has it, is read by other SQL. It panics when
// there is none.
func (c Columns[T]) Reading(name, by string) Columns[T] {
	changed := slices.Clone(c)
	for i := range changed {
		if changed[i].Name == name || changed[i].Read == name {
			changed[i].Read = by
			return changed
		}
	}
	panic("sqldb: no such column: " + name)
}

// Fields are what a row of Select is scanned into.
func (c Columns[T]) Fields(row *T) []any {
	fields := make([]any, len(c))
	for i := range c {
		fields[i] = c[i].Field(row)
	}
	return fields
}

// Scan reads a row of Select.
func (c Columns[T]) Scan(row Row) (value T, err error) {
	err = row.Scan(c.Fields(&value)...)
	return value, err
}

// Insert is an INSERT of one row, with parameters for Values, and after them for more columns.
func (c Columns[T]) Insert(table string, more ...string) string {
	names := c.names()
	names = append(names, more...)
	params := make([]string, len(names))
	for i := range params {
		params[i] = fmt.Sprintf("$%d", i+1)
	}
	return "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(params, ", ") + ")"
}

// Set is the list of an UPDATE that sets each column to a parameter: the first to $from, and so on, in the order of
// Values.
func (c Columns[T]) Set(from int) string {
	names := c.names()
	for i, name := range names {
		names[i] = fmt.Sprintf("%s = $%d", name, from+i)
	}
	return strings.Join(names, ", ")
}

// Excluded is the list of an ON CONFLICT … DO UPDATE that sets each column to what was to be inserted.
func (c Columns[T]) Excluded() string {
	names := c.names()
	for i, name := range names {
		names[i] = name + " = excluded." + name
	}
	return strings.Join(names, ", ")
}

// Bulk is an INSERT of many rows, for Rows. more ends it, such as with an ON CONFLICT.
func (c Columns[T]) Bulk(table, more string) *Bulk {
	var typed, values []string
	for _, column := range c.written() {
		typed = append(typed, column.Name+" "+column.Type)
		values = append(values, "v."+column.Name)
	}
	return NewBulk(strings.Join(typed, ", "), "INSERT INTO "+table+" ("+strings.Join(c.names(), ", ")+") {select "+
		strings.Join(values, ", ")+"} "+more)
}

// Values are what is written of a row, in the order of the columns.
func (c Columns[T]) Values(row *T) []any {
	values := make([]any, 0, len(c))
	for i := range c {
		switch {
		case c[i].Name == "":
		case c[i].Value != nil:
			values = append(values, c[i].Value(row))
		default:
			values = append(values, stored(c[i].Field(row)))
		}
	}
	return values
}

// Rows are the Values of each row.
func (c Columns[T]) Rows(rows []T) [][]any {
	all := make([][]any, len(rows))
	for i := range rows {
		all[i] = c.Values(&rows[i])
	}
	return all
}

func (c Columns[T]) written() Columns[T] {
	return slices.DeleteFunc(slices.Clone(c), func(column Column[T]) bool { return column.Name == "" })
}

func (c Columns[T]) names() []string {
	var names []string
	for _, column := range c.written() {
		names = append(names, quotedName(column.Name))
	}
	return names
}

// quotedName quotes names that are words of SQL.
func quotedName(name string) string {
	if name == "to" {
		return `"to"`
	}
	return name
}

// UTC is the form in which times are stored: UTC, whole microseconds (the finest that both databases keep).
func UTC(t time.Time) time.Time {
	if t.Location() == time.UTC && t.Nanosecond()%1000 == 0 { // mostly; it takes a third of the time
		return t
	}
	return t.UTC().Truncate(time.Microsecond)
}

// stored is what a field points to, in a type that drivers take as it is.
func stored(field any) any {
	switch p := field.(type) {
	case *string:
		return *p
	case *int64:
		return *p
	case *int:
		return *p
	case **int:
		if *p == nil {
			return nil
		}
		return **p
	case *bool:
		return *p
	case *time.Time:
		return UTC(*p)
	case **time.Time:
		if *p == nil {
			return nil
		}
		return UTC(**p)
	case *[]byte:
		return *p
	case optional:
		return p.stored()
	}
	if v := reflect.ValueOf(field).Elem(); v.Kind() == reflect.String { // a type of the program's
		return v.String()
	}
	panic(fmt.Sprintf("sqldb: a column can't store a %T", field))
}

type optional interface{ stored() any }

// Optional reads NULL as the zero value of T, and stores that as NULL.
func Optional[T comparable](value *T) sql.Scanner { return &optionalValue[T]{value} }

type optionalValue[T comparable] struct{ value *T }

// Scan implements sql.Scanner.
func (o *optionalValue[T]) Scan(from any) error {
	var read sql.Null[T]
	err := read.Scan(from)
	*o.value = read.V
	return err
}

func (o *optionalValue[T]) stored() any {
	var zero T
	if *o.value == zero {
		return nil
	}
	return stored(o.value)
}
