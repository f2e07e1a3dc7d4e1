package api

import (
	"encoding/json"
	"errors"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
)

// optional is a field of a PATCH: absent leaves the value as it is, null clears it where T is a pointer and is refused
// elsewhere.
type optional[T any] struct{ compete.Optional[T] }

var errNotNull = errors.New("must not be null")

// UnmarshalJSON runs only for a field that is there.
func (o *optional[T]) UnmarshalJSON(data []byte) error {
	if string(data) == "null" && o.valueType().Kind() != reflect.Pointer {
		return errNotNull
	}
	o.Set = true
	return json.Unmarshal(data, &o.Value)
}

// Schema documents the field as its value.
func (o optional[T]) Schema(r huma.Registry) *huma.Schema {
	return huma.SchemaFromType(r, o.valueType())
}

func (optional[T]) valueType() reflect.Type { return reflect.TypeFor[T]() }

// applyTo sets the field, a *T, to the value that is there.
func (o optional[T]) applyTo(field any) {
	if o.Set {
		*field.(*T) = o.Value
	}
}

// pointer is nil when the field was absent.
func (o *optional[T]) pointer() *T {
	if !o.Set {
		return nil
	}
	return &o.Value
}
