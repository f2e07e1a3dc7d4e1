package auth

// Occupy takes one of the hasher's slots until the returned function is called.
func Occupy(h *Hasher) (leave func()) {
	h.slots <- struct{}{}
	return h.leave
}

// Room is how many hashes the hasher computes at a time, and how many requests wait beyond those.
func Room(h *Hasher) (concurrent int, waiting int64) { return cap(h.slots), h.maxWaiting }
