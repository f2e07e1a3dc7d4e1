package sqldb

import (
	"context"
	"time"
)

// Look looks at the replica once, as Run does.
func (r *Replica) Look(ctx context.Context) { r.look(ctx) }

// Passed tells how old is what a replica has.
type Passed struct{ passed passed }

func (p *Passed) Add(at time.Time, end Position) bool              { return p.passed.add(at, end) }
func (p *Passed) Reached(replayed Position) (at time.Time, _ bool) { return p.passed.reached(replayed) }
func (p *Passed) Len() int                                         { return len(p.passed.ends) }
