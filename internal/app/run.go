package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// StopTimeout bounds how long Run waits for a stop: first for requests in flight, then for jobs. It is less than the 30
// s after which most supervisors kill a process.
const StopTimeout = 25 * time.Second

// background is work outside of requests that ends with the app.
type background struct {
	once   sync.Once
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
}

func (b *background) context() context.Context {
	b.once.Do(func() { b.ctx, b.cancel = context.WithCancel(context.Background()) })
	return b.ctx
}

func (b *background) run(f func(context.Context)) {
	ctx := b.context()
	b.work.Go(func() { f(ctx) })
}

func (b *background) stop() {
	b.context()
	b.cancel()
	b.work.Wait()
}

// Start listens, starts all parts and serves. It returns once requests are answered. With Config.Demo, it adds the demo
// data first, so that whoever gets an answer finds all of it. After a failure nothing is left open.
func (a *App) Start(ctx context.Context) error {
	if err := a.server.Listen(ctx); err != nil {
		return errors.Join(err, a.close())
	}
	a.hub.Start()
	a.registrar.Start()
	a.background.run(a.auth.Run)
	a.background.run(a.passwords.Run)
	a.background.run(a.site.Run)
	if replica := a.store.DB().Replica(); replica != nil {
		a.background.run(replica.Run)
	}
	err := a.jobs.Start(ctx)
	if err == nil && a.config.Demo {
		_, err = a.Seed(ctx)
		if ctx.Err() != nil { // interrupted: the caller stops it like a server
			err = nil
		}
	}
	if err != nil {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), StopTimeout)
		defer cancel()
		return errors.Join(err, a.Stop(stopping))
	}
	a.server.Start()
	return nil
}

// Stop stops the parts in an order that loses nothing: first streams, then requests, which the registrar still answers,
// then jobs, which finish or return to the queue, and finally the registrar, once nothing uses it any more. It fails if
// ctx ends first.
func (a *App) Stop(ctx context.Context) error {
	a.hub.Close()
	requests, cancel := withShare(ctx, 3, 4)
	defer cancel()
	err := a.server.Stop(requests)
	err = errors.Join(err, a.jobs.Stop(ctx))
	return errors.Join(err, a.registrar.Stop(ctx), a.close())
}

// withShare returns ctx limited to part/whole of its remaining time.
func withShare(ctx context.Context, part, whole time.Duration) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)*part/whole)
}

// close closes the parts that have no work of their own. Any part may be missing.
func (a *App) close() error {
	a.background.stop()
	a.mails.close() // last emails of deleted accounts were sent in the background
	a.sendTraces()
	if a.hub != nil {
		a.hub.Stop()
	}
	if a.replays != nil {
		a.replays.Stop()
	}
	var err error
	if a.redis != nil {
		err = a.redis.Close()
	}
	if a.store != nil {
		err = errors.Join(err, a.store.Close())
	}
	return err
}

// Close closes an app that was never started.
func (a *App) Close() error { return a.close() }

// Run starts, serves until ctx ends or serving fails, and stops.
func (a *App) Run(ctx context.Context) error {
	if err := a.Start(ctx); err != nil {
		return err
	}
	return a.Wait(ctx)
}

// Wait is the second half of Run: it serves until ctx ends or serving fails, and stops.
func (a *App) Wait(ctx context.Context) error {
	var failure error
	select {
	case <-ctx.Done():
		a.log.Info("stopping; finishing requests in progress")
	case failure = <-a.server.Failed():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), StopTimeout)
	defer cancel()
	if err := a.Stop(stopping); err != nil {
		return errors.Join(failure, fmt.Errorf("the server did not stop cleanly: %w", err))
	}
	a.log.Info("stopped")
	return failure
}
