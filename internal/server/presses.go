package server

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

const (
	// pressesAtOnce is how many registrations are processed at a time: as many as the registrar commits together. More
	// would only wait for it, each with the stack and memory of a request in progress.
	pressesAtOnce = 512
	// longestLine is how many registrations may wait. At the measured rate (docs/PERFORMANCE.md) the last one waits
	// about two seconds.
	longestLine = 16_384
	// largestPress is how many bytes of a registration's body are read before it joins the line. Larger requests don't
	// join it.
	largestPress = 64 << 10
)

// line is where registrations wait, in order of arrival, before anything else is done for them.
//
// A line that is long for a moment is a rush, and clears by itself; one that stays long is an overload, in which
// everyone only waits for the people ahead of them (the idea of CoDel, RFC 8289). While a rush comes in, everybody is
// admitted. Once no more come than are served, or it has lasted for twice burst, whoever comes on top finds the line
// standing: it only admits as many as can be served within most, until registrations have taken no longer than target
// for burst.
type line struct {
	turns               *turns
	target, burst, most time.Duration

	mu     sync.Mutex
	inside int // registrations waiting or being processed
	// when a registration first and last took longer than target
	longSince, long time.Time
	stands          bool
	came, served    int // since windowed
	windowed        time.Time
	room            int // number served within most, averaged over the last windows
}

// newLine creates a line in which nobody waits longer than patience.
func newLine(atOnce int, patience time.Duration) *line {
	return &line{
		turns:  newTurns(atOnce, patience),
		target: patience / 25, burst: patience / 5, most: patience / 15,
	}
}

// enter admits a registration, or fails with compete.ErrBusy. Call leave afterwards.
func (l *line) enter(now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.came++
	l.look(now)
	if l.inside >= longestLine || l.stands && l.inside >= max(l.room, cap(l.turns.taken)) {
		return compete.ErrBusy
	}
	l.inside++
	return nil
}

// leave removes a registration whose response has started.
func (l *line) leave(entered, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inside--
	l.served++
	if now.Sub(entered) > l.target {
		if now.Sub(l.long) > l.burst {
			l.longSince = now
		}
		l.long = now
	}
	l.look(now)
}

// roomWindows is over how many windows room is averaged, roughly: a collection of garbage can take up a whole one.
const roomWindows = 4

// look decides whether the line stands, once a window of target has passed.
func (l *line) look(now time.Time) {
	passed := now.Sub(l.windowed)
	if passed < l.target {
		return
	}
	isLong := now.Sub(l.long) <= l.burst
	switch {
	case !isLong:
		l.stands = false
	case l.came <= l.served || now.Sub(l.longSince) > 2*l.burst:
		l.stands = true
	}
	room := int(float64(l.served) * float64(l.most) / float64(passed))
	l.room += (room - l.room) / roomWindows
	l.came, l.served, l.windowed = 0, 0, now
}

// press is a registration in a line.
type press struct {
	line    *line
	entered time.Time
	working bool
}

func (p *press) end() {
	if p.working {
		p.line.turns.end()
	}
	p.line.leave(p.entered, time.Now())
}

// inLine makes a registration wait for its turn, which ends with the first byte of the response. Its body has been read
// before, so that a slow sender holds up nobody. busy responds if there is no room, or the turn doesn't come.
func (s *Server) inLine(handler, busy http.Handler, w *recorder, r *http.Request) http.Handler {
	if err := s.presses.enter(w.began); err != nil {
		s.turnedAway()
		return busy
	}
	p := &press{line: s.presses, entered: w.began}
	w.turn = p
	if err := s.presses.turns.begin(r.Context()); err != nil {
		s.turnedAway()
		return busy
	}
	p.working = true
	return handler
}

func (s *Server) turnedAway() {
	if s.config.Observer != nil {
		s.config.Observer.TurnedAway()
	}
}

// readAhead reads the body of a request in advance, so that reading it again takes no time. It reports whether it read
// all of it.
func readAhead(r *http.Request) bool {
	if r.Body == nil || r.Body == http.NoBody {
		return true
	}
	read, err := readUpTo(r.Body, r.ContentLength)
	if err != nil || len(read) > largestPress {
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(read), r.Body), r.Body}
		return false
	}
	r.Body = struct {
		*bytes.Reader
		io.Closer
	}{bytes.NewReader(read), r.Body}
	return true
}

// readUpTo reads a body of the given length, or of an unknown one (-1), but hardly more than largestPress.
func readUpTo(body io.Reader, length int64) ([]byte, error) {
	if 0 <= length && length <= largestPress {
		read := make([]byte, length)
		n, err := io.ReadFull(body, read)
		return read[:n], err
	}
	return io.ReadAll(io.LimitReader(body, largestPress+1))
}

// PressesWaiting returns the number of registrations waiting for their turn.
func (s *Server) PressesWaiting() int {
	s.presses.mu.Lock()
	defer s.presses.mu.Unlock()
	return max(0, s.presses.inside-len(s.presses.turns.taken))
}
