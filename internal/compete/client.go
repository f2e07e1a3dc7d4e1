package compete

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"
)

// Client is where a request comes from. The zero Client is nobody's: the command line, a job.
type Client struct {
	Addr      netip.Addr // as seen by the first proxy that isn't ours
	Local     bool       // the request was made on the machine that the program runs on, and no proxy passed it on
	UserAgent string     // as sent, at most MaxUserAgentLength bytes
	RequestID string
	Arrived   time.Time // when the request did; zero: unknown

	// KnownTo reports whether the device has shown that a user logged in on it before. nil: it has shown nothing.
	KnownTo func(user User) bool
}

// MaxUserAgentLength bounds a Client's UserAgent, in bytes.
const MaxUserAgentLength = 512

// ipv6Site is the part of an IPv6 address, in bits, that one site is given (RFC 6177): the rest its owner may choose.
const ipv6Site = 64

// Network is what limits count by: an IPv4 address, or the network that an IPv6 address lies in. Empty when unknown.
func (c Client) Network() string {
	addr := c.Addr.Unmap()
	if !addr.IsValid() {
		return ""
	}
	if addr.Is6() {
		network, _ := addr.WithZone("").Prefix(ipv6Site) // a valid address has that many bits
		return network.String()
	}
	return addr.String()
}

// Via is the way by which a request, or a change, came.
type Via string

// The ways.
const (
	ViaPage    Via = "page"
	ViaAPI     Via = "api"
	ViaCommand Via = "cli" // the command line
	ViaJob     Via = "job" // the program itself: a job, or what follows from something else
)

// Origin is what is known of where a change comes from, and who makes it.
type Origin struct {
	Client Client
	Via    Via
	Actor  Actor // the zero Actor: nobody is logged in
}

type requestKey struct{}

// request is a Client, and who it turns out to be.
type request struct {
	client  Client
	entered atomic.Pointer[entrance]
}

type entrance struct {
	via   Via
	actor Actor
}

// WithClient tells all that is done under ctx where the request comes from. Who has entered before stays.
func WithClient(ctx context.Context, c Client) context.Context {
	r := &request{client: c}
	if before, ok := ctx.Value(requestKey{}).(*request); ok {
		r.entered.Store(before.entered.Load())
	}
	return context.WithValue(ctx, requestKey{}, r)
}

// Enter tells all that is done under ctx, from now on, by which way the request came and who makes it. Without
// WithClient it does nothing.
func Enter(ctx context.Context, via Via, a Actor) {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		r.entered.Store(&entrance{via, a})
	}
}

// ClientOf is where the request comes from that ctx belongs to.
func ClientOf(ctx context.Context) Client {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r.client
	}
	return Client{}
}

// OriginOf is what is known of the request that ctx belongs to. Without one it's the program itself that acts.
func OriginOf(ctx context.Context) Origin {
	o := Origin{Client: ClientOf(ctx), Via: ViaJob}
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		if e := r.entered.Load(); e != nil {
			o.Via, o.Actor = e.via, e.actor
		}
	}
	return o
}
