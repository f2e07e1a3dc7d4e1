//go:build !linux

package server

import "net"

// refuse does nothing here: who knocks between the last look and the close of the socket is cut.
func refuse(net.Listener) error { return nil }
