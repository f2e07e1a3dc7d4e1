package sqldb

import (
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Column is a column of a table whose rows a program represents as T.
type Column[T any] struct {
	Name  string       // of the column; empty: it is only read
	Type  string       // in a Bulk
	Field func(*T) any // where a row is read into, as for Scan: a pointer into T, or an Optional
	Value func(*T) any // the value to write; nil: the one that Field points to
	Read  string       // SQL to read instead of the column, such as another table's column
}

// Columns declares each column of a table once. Selecting, scanning, inserting and updating are derived from that.
type Columns[T any] []Column[T]

// Select returns the list of expressions for Scan, for a table with the given alias.
func (c Columns[T]) Select(alias string) string {
	read := make([]string, len(c))
	for i, column := range c {
		if read[i] = column.Read; column.Read == "" {
			read[i] = alias + "." + quotedName(column.Name)
		}
	}
	return strings.Join(read, ", ")
}

// Reading returns the same columns, except that the one with this Name or Read is read by other SQL. It panics if there
// is none.
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

// Fields returns where a row of Select is scanned into.
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

// Insert returns an INSERT of one row, with parameters for Values, followed by those for more columns.
func (c Columns[T]) Insert(table string, more ...string) string {
	names := c.names()
	names = append(names, more...)
	params := make([]string, len(names))
	for i := range params {
		params[i] = fmt.Sprintf("$%d", i+1)
	}
	return "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(params, ", ") + ")"
}

// Set returns the list of an UPDATE that sets each column to a parameter, in the order of Values, starting with $from.
func (c Columns[T]) Set(from int) string {
	names := c.names()
	for i, name := range names {
		names[i] = fmt.Sprintf("%s = $%d", name, from+i)
	}
	return strings.Join(names, ", ")
}

// Excluded returns the list of an ON CONFLICT … DO UPDATE that sets each column to the value proposed for insertion.
func (c Columns[T]) Excluded() string {
	names := c.names()
	for i, name := range names {
		names[i] = name + " = excluded." + name
	}
	return strings.Join(names, ", ")
}

// Bulk returns an INSERT of many rows, for Rows. more is appended, such as an ON CONFLICT clause.
func (c Columns[T]) Bulk(table, more string) *Bulk {
	var typed, values []string
	for _, column := range c.written() {
		typed = append(typed, column.Name+" "+column.Type)
		values = append(values, "v."+column.Name)
	}
	return NewBulk(strings.Join(typed, ", "), "INSERT INTO "+table+" ("+strings.Join(c.names(), ", ")+") {select "+
		strings.Join(values, ", ")+"} "+more)
}

// Values returns the values of a row to write, in the order of the columns.
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

// Rows returns the Values of each row.
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

// quotedName quotes names that are SQL keywords.
func quotedName(name string) string {
	if name == "to" {
		return `"to"`
	}
	return name
}

// UTC returns a time in the stored form: UTC with whole microseconds (the finest resolution that both databases keep).
func UTC(t time.Time) time.Time {
	if t.Location() == time.UTC && t.Nanosecond()%1000 == 0 { // the usual case, in a third of the time
		return t
	}
	return t.UTC().Truncate(time.Microsecond)
}

// stored returns the value that a field points to, in a type that drivers accept.
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
	if v := reflect.ValueOf(field).Elem(); v.Kind() == reflect.String { // a string type of the program
		return v.String()
	}
	panic(fmt.Sprintf("sqldb: a column can't store a %T", field))
}

type optional interface{ stored() any }

// Optional reads NULL as the zero value of T, and stores the zero value as NULL.
func Optional[T comparable](value *T) sql.Scanner { return &optionalValue[T]{value} }

type optionalValue[T comparable] struct{ value *T }

// Scan implements sql.Scanner.
func (o *optionalValue[T]) Scan(from any) error {
	if text, ok := from.(string); ok { // the usual cases are those of an id that is or isn't there
		if value, ok := any(o.value).(*string); ok {
			*value = text
			return nil
		}
	}
	if from == nil {
		var zero T
		*o.value = zero
		return nil
	}
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
