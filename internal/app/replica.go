package app

import (
	"net/http"
	"strings"

	"github.com/minicompete/minicompete/internal/replica"
)

// replicaReads wraps the pages and the API so that a read replica can answer some of their requests.
type replicaReads struct {
	pages, api func(http.Handler) http.Handler
}

func (a *App) replicaReads() replicaReads {
	db := a.store.DB()
	if db.Replica() == nil {
		same := func(h http.Handler) http.Handler { return h }
		return replicaReads{same, same}
	}
	reads := replica.New(replica.Config{
		Position: db.Position, MaxLag: db.Replica().MaxLag(), Secure: strings.HasPrefix(a.config.Origin(), "https:"),
	})
	return replicaReads{reads.Pages, reads.API}
}
