package server

import (
	"net"

	"golang.org/x/sys/unix"
)

// The filter sees a packet from its TCP header on (RFC 9293, section 3.1).
const (
	tcpFlags = 13   // the offset of the flags
	tcpSYN   = 0x02 // set in the first packet of a handshake alone, of those that a listener gets
)

// refuse makes a listening socket ignore who knocks from now on, and still take those whose handshake has begun: to
// close it would reset them, also those whose request has arrived. Who is ignored knocks again a second later, at the
// next process or at nobody.
func refuse(socket net.Listener) error {
	listener, ok := socket.(*net.TCPListener)
	if !ok {
		return nil
	}
	raw, err := listener.SyscallConn()
	if err != nil {
		return err
	}
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: tcpFlags},
		{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: tcpSYN, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},          // nothing of the packet is kept
		{Code: unix.BPF_RET | unix.BPF_K, K: 0xffffffff}, // all of it
	}
	var attached error
	err = raw.Control(func(fd uintptr) {
		attached = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
			&unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}) //nolint:gosec // a handful of instructions
	})
	if err != nil {
		return err
	}
	return attached
}
