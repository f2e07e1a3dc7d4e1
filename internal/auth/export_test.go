package auth

// Occupy takes one of the hasher's slots until the returned function is called.
func Occupy(h *Hasher) (leave func()) {
	h.slots <- struct{}{}
	return h.leave
}
