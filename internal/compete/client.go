package compete

import (
	"context"
	"net/netip"
)

// Client is where a request comes from. The zero Client is nobody's: the command line, a job.
type Client struct {
	Addr      netip.Addr // as seen by the first proxy that isn't ours
	Local     bool       // the request was made on the machine that the program runs on, and no proxy passed it on
	UserAgent string     // as sent, at most MaxUserAgentLength bytes
	RequestID string
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

type clientKey struct{}

// WithClient tells all that is done under ctx where the request comes from.
func WithClient(ctx context.Context, c Client) context.Context {
	return context.WithValue(ctx, clientKey{}, c)
}

// ClientOf is where the request comes from that ctx belongs to.
func ClientOf(ctx context.Context) Client {
	c, _ := ctx.Value(clientKey{}).(Client)
	return c
}
