package replica

// The tables.
var (
	Pages  = pages
	Routes = routes
)
