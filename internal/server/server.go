// Package server is what every request passes before and after its handler: listeners, time limits, request ids, the
// client's address, turns of reads, the pace of refusals, one log line, recovery from panics, a span where traces are
// on, the probes, and the graceful stop.
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

// The time limits of a connection. A stream that lives longer moves its own write deadline.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 60 * time.Second // longer than the last in the line of password hashes waits
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// DefaultDrain is how long a stopping server waits for clients to take the answer that tells them to close their
// connection.
const DefaultDrain = 300 * time.Millisecond

// DefaultPressPatience is how long a press waits for its turn unless it is told otherwise.
const DefaultPressPatience = 2500 * time.Millisecond

// handshakes is how long a stopping server still takes connections, at least, unless Config.Drain is shorter: a
// handshake that has begun ends after a round trip to the client.
const handshakes = 100 * time.Millisecond

// lastAnswers is how long requests have to say "come again" when a stop has no more time for them.
const lastAnswers = 2 * time.Second

// Endpoint is an address and what answers there.
type Endpoint struct {
	Name    string // for logs, metrics and Addr
	Addr    string // host:port; port 0 takes a free one
	Handler http.Handler
	// answers, with status 500, when Handler panicked before its first byte; nil: as the function Broken does
	Broken http.Handler
	// answers, with status 503, whoever finds no room or waited too long to press or to read; needed with both
	Busy http.Handler
	// whether a request registers somebody, and waits in line with all others that do; nil: none does
	Presses func(*http.Request) bool
	// whether a request only reads, and is not a stream; nil: none does, as far as is known
	Reads func(*http.Request) bool
	Quiet bool // requests are logged at debug level, and not traced: those of monitoring
}

// Config sets up a Server.
type Config struct {
	Endpoints      []Endpoint
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	NewID          func() string  // makes request ids
	HTTPS          bool           // the site is public under https
	HSTSSubdomains bool           // and so are all subdomains of its host
	Logger         *slog.Logger
	Observer       Observer                    // nil: nobody counts
	Tracer         trace.Tracer                // nil: nothing is traced
	Ready          func(context.Context) error // why requests cannot be served, if they can't; nil: they always can
	Drain          time.Duration               // 0: DefaultDrain
	// PressPatience is how long a press may wait for its turn; 0: DefaultPressPatience. Once presses have taken longer
	// than a twenty-fifth of it for a fifth of it, only as many are let in as are served in a tenth of it.
	PressPatience time.Duration
}

// Observer is told of every request.
type Observer interface {
	// Request tells of a request that was answered. pattern is the http.ServeMux pattern that took it: "/" or empty
	// when none did.
	Request(listener, method, pattern string, status int, took time.Duration)
	// QueueFull tells of a press for which there was no room in line.
	QueueFull()
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
	presses  *line
}

// New makes a server that does nothing until Listen.
func New(c Config) *Server {
	if c.Drain == 0 {
		c.Drain = DefaultDrain
	}
	if c.PressPatience == 0 {
		c.PressPatience = DefaultPressPatience
	}
	s := &Server{
		config: c, sockets: map[string]*closedOnce{}, failed: make(chan error, len(c.Endpoints)),
		refusals: newPacer(), reads: newReads(), presses: newLine(pressesAtOnce, c.PressPatience),
	}
	s.requests, s.giveUp = context.WithCancel(context.Background())
	return s
}

// Listen takes all addresses, or none: an address that is taken is told before anything is served.
func (s *Server) Listen(ctx context.Context) error {
	var listen net.ListenConfig
	listen.SetMultipathTCP(false) // its sockets can't refuse, and no client here is one of several paths
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

// Addr is where the named endpoint listens, after Listen; empty when there is no such endpoint.
func (s *Server) Addr(name string) string {
	if socket, ok := s.sockets[name]; ok {
		return socket.Addr().String()
	}
	return ""
}

// Start serves on every address that Listen took. It returns at once; Failed tells when serving ends by itself.
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

// Failed tells of an endpoint that stopped serving although nobody asked it to.
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

// Stop takes no connections but those that have begun, and answers every request that comes on them, each with the
// advice to close it. What is idle after a moment is closed. When ctx ends before the last answer, so do the contexts
// of the requests; it fails when they are not answered a moment later, and all connections are closed then.
//
// http.Server.Shutdown alone would not do: it drops a request that arrives just when it begins.
func (s *Server) Stop(ctx context.Context) error {
	s.stopping.Store(true)
	for name, socket := range s.sockets {
		if err := refuse(socket.Listener); err != nil {
			s.config.Logger.Debug("still accepting connections until the socket closes", "at", name, "error", err)
		}
	}
	s.drain(ctx)
	for _, socket := range s.sockets {
		_ = socket.Close() // it fails only when it is closed already
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
				// Those who still wait, for the turn of a password or for the database, are told to come again, not cut
				// off.
				s.giveUp()
				last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastAnswers)
				defer cancel()
				err = server.Shutdown(last)
			}
			if err != nil {
				_ = server.Close() // the requests are lost already
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

// drain waits until no connection is open and none can come, or for as long as Config.Drain says.
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
