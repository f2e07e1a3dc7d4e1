package auth

import "time"

// Occupy takes one of the hasher's places until the returned function is called.
func Occupy(h *Hasher) (leave func()) {
	h.queue.mu.Lock()
	defer h.queue.mu.Unlock()
	h.queue.free--
	return h.queue.leave
}

// Room is how many hashes the hasher computes at a time, and how many requests wait beyond those in each room.
func Room(h *Hasher) (concurrent, waiting int) { return h.queue.free, h.queue.max }

// Costliest is the cost of bcrypt whose work each check does; 0 for none.
func Costliest(h *Hasher) int { return int(h.costliest.Load()) }

// Took has the hasher believe that its last hash took so long.
func Took(h *Hasher, d time.Duration) { h.took.Store(int64(d)) }
