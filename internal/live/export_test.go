package live

// Tell reads and tells at once, without a pause.
func (h *Hub) Tell(id string) {
	h.read([]string{id})
	h.tell()
}
