// Package server handles what every request needs before and after its handler: listeners, time limits, request ids,
// the client's address, turns of reads and streams, the pace of refusals, one log line, recovery from panics, a span if
// tracing is on, the probes, and the graceful stop.
//
// It knows no routes: handlers come from packages api and web.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// The time limits of a connection. A longer-lived stream extends its own write deadline.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 60 * time.Second // far longer than anybody waits for an answer
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// DefaultDrain is how long a stopping server waits for clients to receive the response that tells them to close their
// connection.
const DefaultDrain = 300 * time.Millisecond

// DefaultPressPatience is the default of Config.PressPatience.
const DefaultPressPatience = 2500 * time.Millisecond

// handshakes is how long a stopping server still accepts connections, at least, unless Config.Drain is shorter. A
// handshake that has begun ends after one round trip to the client.
const handshakes = 100 * time.Millisecond

// lastAnswers is how long requests have to respond "try again" once a stop has no more time for them.
const lastAnswers = 2 * time.Second

// Endpoint is an address and its handlers.
type Endpoint struct {
	Name    string // for logs, metrics and Addr
	Addr    string // host:port; port 0 chooses a free one
	Handler http.Handler
	// responds, with status 500, if Handler panicked before its first byte; nil: the function Broken
	Broken http.Handler
	// responds, with status 503, if there is no room, or a registration, a read or a stream waited too long; needed
	// with each
	Busy http.Handler
	// whether a request registers somebody, and waits in line with all others that do; nil: none does
	Presses func(*http.Request) bool
	// whether a request only reads, and isn't a stream; nil: none is known to
	Reads func(*http.Request) bool
	// whether a request opens a stream; nil: none is known to
	Streams func(*http.Request) bool
	Quiet   bool // for monitoring: requests are logged at debug level, and not traced
}

// Config sets up a Server.
type Config struct {
	Endpoints      []Endpoint
	TrustedProxies []netip.Prefix // their X-Forwarded-For is trusted
	NewID          func() string  // creates request ids
	HTTPS          bool           // the site's public address uses https
	HSTSSubdomains bool           // so do all subdomains of its host
	Logger         *slog.Logger
	Observer       Observer                    // nil means no metrics
	Tracer         trace.Tracer                // nil means no tracing
	Ready          func(context.Context) error // why requests can't be served, if they can't; nil: they always can
	Drain          time.Duration               // 0: DefaultDrain
	// PressPatience is how long a registration may wait for its turn; 0: DefaultPressPatience. Once registrations take
	// longer than a twenty-fifth of it and no more come than are served, only as many are admitted as can be served in
	// a fifteenth of it.
	PressPatience time.Duration
	// PressLimit ends the context of a registration this long after its body arrived, whatever it is doing; 0: never.
	// It isn't for those that are too large to wait in line.
	PressLimit time.Duration
}

// Observer is notified of every request.
type Observer interface {
	// Request is called after a request was answered. pattern is the http.ServeMux pattern that matched: "/" or empty
	// if none did.
	Request(listener, method, pattern string, status int, took time.Duration)
	// TurnedAway is called when there was no room in line for a registration.
	TurnedAway()
}

// Server listens and serves until it is stopped.
type Server struct {
	config   Config
	servers  []*http.Server
	sockets  map[string]*closedOnce
	open     atomic.Int64 // connections
	stopping atomic.Bool
	requests context.Context // of every request; done when a stop has no more time for them
	giveUp   context.CancelFunc
	failed   chan error
	refusals *pacer
	reads    *turns
	streams  *turns // of their openings
	presses  *line
	last     time.Duration // lastAnswers, except in tests
}

// New creates a server that does nothing until Listen.
func New(c Config) *Server {
	if c.Drain == 0 {
		c.Drain = DefaultDrain
	}
	if c.PressPatience == 0 {
		c.PressPatience = DefaultPressPatience
	}
	s := &Server{
		config: c, sockets: map[string]*closedOnce{}, failed: make(chan error, len(c.Endpoints)),
		refusals: newPacer(), reads: newReads(), streams: newStreams(),
		presses: newLine(pressesAtOnce, c.PressPatience),
		last:    lastAnswers,
	}
	s.requests, s.giveUp = context.WithCancel(context.Background())
	return s
}

// Listen binds all addresses, or none: it reports an address in use before anything is served.
func (s *Server) Listen(ctx context.Context) error {
	var listen net.ListenConfig
	listen.SetMultipathTCP(false) // its sockets can't refuse, and no client here uses several paths
	for _, e := range s.config.Endpoints {
		socket, err := listen.Listen(ctx, "tcp", e.Addr)
		if err != nil {
			for _, open := range s.sockets {
				_ = open.Close() // nothing was served on it
			}
			return fmt.Errorf("the %s cannot listen: %w", e.Name, err)
		}
		s.sockets[e.Name] = &closedOnce{Listener: socket}
	}
	return nil
}

// closedOnce may be closed by Stop and again by http.Server.
type closedOnce struct {
	net.Listener
	once sync.Once
	err  error
}

func (l *closedOnce) Close() error {
	l.once.Do(func() { l.err = l.Listener.Close() })
	return l.err
}

// Addr returns the address of the named endpoint, after Listen; empty if there is no such endpoint.
func (s *Server) Addr(name string) string {
	if socket, ok := s.sockets[name]; ok {
		return socket.Addr().String()
	}
	return ""
}

// Start serves on every address bound by Listen. It returns immediately; Failed reports when serving ends unexpectedly.
func (s *Server) Start() {
	for _, e := range s.config.Endpoints {
		server := &http.Server{
			Handler:           s.wrap(e),
			ReadHeaderTimeout: readHeaderTimeout,
			ReadTimeout:       readTimeout,
			WriteTimeout:      writeTimeout,
			IdleTimeout:       idleTimeout,
			MaxHeaderBytes:    maxHeaderBytes,
			ConnState:         s.count,
			BaseContext:       func(net.Listener) context.Context { return s.requests },
			// clients' broken connections
			ErrorLog: slog.NewLogLogger(s.config.Logger.Handler(), slog.LevelDebug),
		}
		s.servers = append(s.servers, server)
		go func() {
			if err := server.Serve(s.sockets[e.Name]); !s.stopping.Load() {
				s.failed <- fmt.Errorf("the %s stopped listening: %w", e.Name, err)
			}
		}()
	}
}

// Failed returns a channel that receives the error of an endpoint that stopped serving without being asked to.
func (s *Server) Failed() <-chan error { return s.failed }

func (s *Server) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.open.Add(-1)
	case http.StateActive, http.StateIdle:
	}
}

// Stop stops accepting connections, except those whose handshake has begun, and answers every request on the accepted
// ones, telling the client to close the connection. It closes connections that are idle after a moment. If ctx ends
// before the last response, Stop cancels the contexts of the requests. If they still aren't answered a moment later, it
// closes all connections and fails.
//
// http.Server.Shutdown isn't enough: it drops a request that arrives just as it begins.
func (s *Server) Stop(ctx context.Context) error {
	s.stopping.Store(true)
	for name, socket := range s.sockets {
		if err := refuse(socket.Listener); err != nil {
			s.config.Logger.Debug("still accepting connections until the socket closes", "at", name, "error", err)
		}
	}
	s.drain(ctx)
	for _, socket := range s.sockets {
		_ = socket.Close() // it only fails if already closed
	}
	var (
		stopped sync.WaitGroup
		mu      sync.Mutex
		errs    []error
	)
	for _, server := range s.servers {
		stopped.Go(func() {
			err := server.Shutdown(ctx)
			if err != nil {
				// Requests still waiting, for a password hash or for the database, are told to try again rather than
				// cut off.
				s.giveUp()
				last, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.last)
				defer cancel()
				err = server.Shutdown(last)
			}
			if err != nil {
				_ = server.Close() // the requests are already lost
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, fmt.Errorf("requests were still in progress: %w", err))
			}
		})
	}
	stopped.Wait()
	s.giveUp()
	return errors.Join(errs...)
}

// drain waits until no connection is open and none can arrive, but no longer than Config.Drain.
func (s *Server) drain(ctx context.Context) {
	enough := time.NewTimer(s.config.Drain)
	defer enough.Stop()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for started := time.Now(); s.open.Load() > 0 || time.Since(started) < handshakes; {
		select {
		case <-look.C:
		case <-enough.C:
			return
		case <-ctx.Done():
			return
		}
	}
}
