package server

import (
	"net"

	"golang.org/x/sys/unix"
)

// The filter sees a packet from its TCP header on (RFC 9293, section 3.1).
const (
	tcpFlags = 13   // the offset of the flags
	tcpSYN   = 0x02 // of the packets a listener gets, only the first of a handshake has it set
)

// refuse makes a listening socket ignore new connection attempts while still accepting those whose handshake has begun:
// closing it would reset those, even if their request has arrived. Ignored clients try again a second later, and reach
// the next process, if there is one.
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
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},          // drop the packet
		{Code: unix.BPF_RET | unix.BPF_K, K: 0xffffffff}, // keep the packet
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
