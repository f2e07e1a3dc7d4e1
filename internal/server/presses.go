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
	// pressesAtOnce is how many presses are worked on at a time: as many as the registrar commits together. More would
	// wait for it all the same, each with the stack and the memory of a request that is half done.
	pressesAtOnce = 512
	// longestLine is how many presses may wait. At the measured rate (docs/PERFORMANCE.md) the last one waits about two
	// seconds.
	longestLine = 16_384
	// largestPress is how many bytes of a press are read before it stands in line. A larger one doesn't stand there.
	largestPress = 64 << 10
)

// line is where presses wait, in order of arrival, before anything else is done for them.
//
// A line that is long for a moment is a rush, and works itself off; one that stays long is an overload, in which
// everybody waits for nothing but those before them (the idea of CoDel, RFC 8289). So once presses have taken longer
// than target, again and again for longer than burst, only as many are let in as are served within most, until they
// have been quicker for as long.
type line struct {
	turns               *turns
	target, burst, most time.Duration

	mu     sync.Mutex
	inside int // presses that wait or are worked on
	// when a press had taken longer than target: at the beginning, and the last time
	longSince, long time.Time
	served          int // since windowed
	windowed        time.Time
	room            int // what was served within most, lately
}

// newLine makes a line in which nobody waits for longer than patience.
func newLine(atOnce int, patience time.Duration) *line {
	return &line{
		turns:  newTurns(atOnce, patience),
		target: patience / 25, burst: patience / 5, most: patience / 10,
	}
}

// enter counts a press in, or fails with compete.ErrBusy. Leave has to follow.
func (l *line) enter(now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inside >= longestLine || l.overloaded(now) && l.inside >= max(l.room, cap(l.turns.taken)) {
		return compete.ErrBusy
	}
	l.inside++
	return nil
}

func (l *line) overloaded(now time.Time) bool {
	return l.long.Sub(l.longSince) > l.burst && now.Sub(l.long) <= l.burst
}

// leave counts a press out that began to be answered.
func (l *line) leave(entered, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inside--
	if now.Sub(entered) > l.target {
		if now.Sub(l.long) > l.burst {
			l.longSince = now
		}
		l.long = now
	}
	l.served++
	if passed := now.Sub(l.windowed); passed >= l.target {
		l.room = int(float64(l.served) * float64(l.most) / float64(passed))
		l.served, l.windowed = 0, now
	}
}

// press is a press in a line.
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

// inLine has a press wait for its turn, which ends with the first byte of the answer. Its body is read before: whoever
// sends it slowly holds up nobody. Busy is what answers when there is no room, or the turn doesn't come.
func (s *Server) inLine(handler, busy http.Handler, w *recorder, r *http.Request) http.Handler {
	if !readAhead(r) {
		return handler
	}
	if err := s.presses.enter(w.began); err != nil {
		s.queueFull()
		return busy
	}
	p := &press{line: s.presses, entered: w.began}
	w.turn = p
	if err := s.presses.turns.begin(r.Context()); err != nil {
		s.queueFull()
		return busy
	}
	p.working = true
	return handler
}

func (s *Server) queueFull() {
	if s.config.Observer != nil {
		s.config.Observer.QueueFull()
	}
}

// readAhead reads the body of a request, so that reading it again takes no time. It reports whether that is all of it.
func readAhead(r *http.Request) bool {
	if r.Body == nil || r.Body == http.NoBody {
		return true
	}
	var read bytes.Buffer
	n, err := io.CopyN(&read, r.Body, largestPress+1)
	whole := err == io.EOF && n <= largestPress //nolint:errorlint // CopyN returns it as it is
	rest := r.Body
	if whole {
		rest = http.NoBody
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(&read, rest), r.Body}
	return whole
}

// PressesWaiting is the number of presses that wait for their turn.
func (s *Server) PressesWaiting() int {
	s.presses.mu.Lock()
	defer s.presses.mu.Unlock()
	return max(0, s.presses.inside-len(s.presses.turns.taken))
}
