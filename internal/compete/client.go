package compete

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"
)

// Client describes where a request comes from. The zero Client means no client: the command line or a job.
type Client struct {
	Addr      netip.Addr // the nearest hop that isn't one of our proxies
	Local     bool       // the request was made on the server's own machine, without a proxy
	UserAgent string     // as sent, truncated to MaxUserAgentLength bytes
	RequestID string
	Arrived   time.Time // when the request arrived, a registration with its body; zero if unknown

	// KnownTo reports whether the device has proved an earlier login by the user. nil if it has proved none.
	KnownTo func(user User) bool
}

// MaxUserAgentLength bounds a Client's UserAgent, in bytes.
const MaxUserAgentLength = 512

// ipv6Site is the length, in bits, of the IPv6 prefix assigned to one site (RFC 6177): the site chooses the rest.
const ipv6Site = 64

// Network returns the key for rate limits: an IPv4 address, or the network of an IPv6 address. Empty if unknown.
func (c Client) Network() string {
	addr := c.Addr.Unmap()
	if !addr.IsValid() {
		return ""
	}
	if addr.Is6() {
		network, _ := addr.WithZone("").Prefix(ipv6Site) // can't fail: every valid address has that many bits
		return network.String()
	}
	return addr.String()
}

// Waited returns how long ago the request arrived; 0 if unknown.
func (c Client) Waited() time.Duration {
	if c.Arrived.IsZero() {
		return 0
	}
	return time.Since(c.Arrived)
}

// Via is the channel through which a request or change came.
type Via string

// The channels.
const (
	ViaPage    Via = "page"
	ViaAPI     Via = "api"
	ViaCommand Via = "cli" // the command line
	ViaJob     Via = "job" // the program itself: a job, or a consequence of another change
)

// Origin describes where a change comes from and who makes it.
type Origin struct {
	Client Client
	Via    Via
	Actor  Actor // the zero Actor if nobody is logged in
}

type requestKey struct{}

// request is a Client together with the actor, once authenticated.
type request struct {
	client  Client
	entered atomic.Pointer[entrance]
}

type entrance struct {
	via   Via
	actor Actor
}

// WithClient attaches the client of the current request to ctx. An actor set by Enter earlier is kept.
func WithClient(ctx context.Context, c Client) context.Context {
	r := &request{client: c}
	if before, ok := ctx.Value(requestKey{}).(*request); ok {
		r.entered.Store(before.entered.Load())
	}
	return context.WithValue(ctx, requestKey{}, r)
}

// Enter records the channel of the request in ctx and who makes it. Without WithClient it does nothing.
func Enter(ctx context.Context, via Via, a Actor) {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		r.entered.Store(&entrance{via, a})
	}
}

// ClientOf returns the client of the request that ctx belongs to.
func ClientOf(ctx context.Context) Client {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r.client
	}
	return Client{}
}

// OriginOf returns the origin of the request that ctx belongs to. Without a request, the program itself is the origin.
func OriginOf(ctx context.Context) Origin {
	o := Origin{Client: ClientOf(ctx), Via: ViaJob}
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		if e := r.entered.Load(); e != nil {
			o.Via, o.Actor = e.via, e.actor
		}
	}
	return o
}
