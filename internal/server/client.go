package server

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// clientOf returns the request's client for the domain. addr is host:port.
func clientOf(r *http.Request, addr, requestID string, arrived time.Time) compete.Client {
	peer, _ := netip.ParseAddrPort(addr) // the zero address if invalid
	agent := r.UserAgent()
	forwarded := r.Header["X-Forwarded-For"] != nil || r.Header["Forwarded"] != nil || r.Header["Via"] != nil
	return compete.Client{
		Addr: peer.Addr(), Local: peer.Addr().Unmap().IsLoopback() && !forwarded,
		UserAgent: agent[:min(len(agent), compete.MaxUserAgentLength)], RequestID: requestID,
		Arrived: arrived,
	}
}

// clientAddr returns the client's address: the connection's peer or, if that is a trusted proxy, the last address in
// X-Forwarded-For that isn't one. Addresses before it can be forged by the client.
func clientAddr(r *http.Request, trusted []netip.Prefix) string {
	forwarded := r.Header["X-Forwarded-For"]
	if len(trusted) == 0 || len(forwarded) == 0 {
		return r.RemoteAddr
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !contains(trusted, peer.Addr()) {
		return r.RemoteAddr
	}
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	client := r.RemoteAddr
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return client // forged, or omitted by the proxy: use the previous proxy's address
		}
		client = net.JoinHostPort(hop.Unmap().String(), "0")
		if !contains(trusted, hop) {
			return client
		}
	}
	return client
}

func contains(networks []netip.Prefix, addr netip.Addr) bool {
	addr = addr.Unmap()
	for _, network := range networks {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}
