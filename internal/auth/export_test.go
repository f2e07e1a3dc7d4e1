package auth

import "time"

// Occupy takes one of the hasher's slots until the returned function is called.
func Occupy(h *Hasher) (leave func()) {
	h.queue.mu.Lock()
	defer h.queue.mu.Unlock()
	h.queue.free--
	return h.queue.leave
}

// Room returns how many hashes the hasher computes at a time, and how many more requests may wait in each room.
func Room(h *Hasher) (concurrent, waiting int) { return h.queue.free, h.queue.max }

// Costliest returns the bcrypt cost whose work each check does; 0 if none.
func Costliest(h *Hasher) int { return int(h.costliest.Load()) }

// Took sets how long the hasher's last hash took.
func Took(h *Hasher, d time.Duration) { h.took.Store(int64(d)) }
