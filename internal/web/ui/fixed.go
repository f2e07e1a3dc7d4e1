package ui

import (
	"context"
	"strings"
	"sync"

	"github.com/a-h/templ"
)

// fixed keeps the HTML of components that are the same on every page, by what tells them apart. A page of many rows has
// hundreds of them, which would take as long as the rest of it.
type fixed[K comparable] struct {
	render func(K) templ.Component
	known  sync.Map // templ.Component by K
}

func (f *fixed[K]) of(key K) templ.Component {
	if known, ok := f.known.Load(key); ok {
		return known.(templ.Component)
	}
	component := f.render(key)
	var html strings.Builder
	if component.Render(context.Background(), &html) == nil {
		component = templ.Raw(html.String())
		f.known.Store(key, component)
	}
	return component
}

var (
	icons  = fixed[string]{render: icon}
	badges = fixed[State]{render: badge}
)

// Icon draws one of assets/images/icons.svg. It is never the only bearer of a meaning.
func Icon(name string) templ.Component { return icons.of(name) }

// Badge shows a state as an icon and a word.
func Badge(s State) templ.Component { return badges.of(s) }
