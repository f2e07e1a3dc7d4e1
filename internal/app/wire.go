package app

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/jobs"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/server"
	"github.com/minicompete/minicompete/internal/web"
)

// The names of the endpoints.
const (
	EndpointWeb     = "web"
	EndpointAPI     = "api"
	EndpointMetrics = "metrics"
)

func (a *App) wireJobs() error {
	c := jobs.Config{
		DB: a.store.Writer(), Driver: a.store.DB().River(), OneWriter: a.store.DB().OneWriter(), Logger: a.log,
		MaxAttempts: a.config.JobMaxAttempts, Backoff: a.config.JobBackoff,
		Work:  a.config.Plays(config.RoleWorker),
		Store: a.store, Registrar: a.registrar, Compose: a.mails.composer.Compose, Clock: a.config.Clock, NewID: newID,
		MailConfig:       a.mails.jobs(a),
		Accounts:         a.services.Accounts,
		Erasure:          a.services.Erasure,
		Applications:     a.services.Applications,
		Draws:            a.services.Draws,
		Teams:            a.services.Teams,
		Concurrency:      a.config.WorkerConcurrency,
		ReminderSchedule: a.config.ReminderSchedule, CleanUpSchedule: a.config.CleanUpSchedule,
		FinishedJobsAge: a.config.FinishedJobsAge,
		CleanUpAges:     a.config.CleanUpAges(),
		Tracer:          a.traces.Tracer("jobs"),
	}
	if a.metrics != nil {
		c.Observer = a.metrics
	}
	client, err := jobs.New(c)
	if err != nil {
		return err
	}
	a.jobs = client
	return nil
}

func (a *App) wireServer(context.Context) error {
	a.health = newHealth(a)
	proxies, err := a.config.Proxies()
	if err != nil {
		return err
	}
	apiConfig := api.Config{
		Services: a.services, Clock: a.config.Clock, Auth: a.auth, Live: a.hub, Health: a.health.forAPI,
		PublicURL: a.config.Origin(), CORSOrigins: a.config.Origins(), Logger: a.log, Version: a.config.Version,
		Site: a.site.Site,
	}
	lagging := a.replicaReads()
	apiHandler, apiBusy := lagging.api(api.New(apiConfig)), api.Busy(apiConfig)
	c := server.Config{
		TrustedProxies: proxies, NewID: newID, HTTPS: strings.HasPrefix(a.config.Origin(), "https:"),
		HSTSSubdomains: a.config.HSTSSubdomains, PressPatience: a.config.QueueTimeout,
		PressLimit: registrar.Patience(a.config.QueueTimeout),
		Logger:     a.log, Tracer: a.traces.Tracer("server"), Ready: a.health.ready,
	}
	if a.config.Plays(config.RoleWeb) {
		pages, err := a.pages()
		if err != nil {
			return err
		}
		c.Endpoints = append(c.Endpoints, server.Endpoint{
			Name: EndpointWeb, Addr: a.config.WebAddr,
			Handler: apiAndPages(apiHandler, lagging.pages(web.New(a.background.context(), pages))),
			Broken:  apiAndPages(http.HandlerFunc(server.Broken), web.Broken(pages)),
			Busy:    apiAndPages(apiBusy, web.Busy(pages)), Presses: isPress, Reads: isRead, Streams: isStream,
		})
	}
	if a.config.Plays(config.RoleAPI) {
		c.Endpoints = append(c.Endpoints, server.Endpoint{
			Name: EndpointAPI, Addr: a.config.APIAddr,
			Handler: apiHandler, Busy: apiBusy, Presses: isPress, Reads: isRead, Streams: isStream,
		})
	}
	if a.metrics != nil {
		a.addGauges()
		c.Observer = a.metrics
		private := http.NewServeMux()
		private.Handle("/", a.metrics.Handler())
		private.Handle("GET /api/health", apiHandler) // the only health that a process of workers alone has
		c.Endpoints = append(c.Endpoints, server.Endpoint{
			Name: EndpointMetrics, Addr: a.config.MetricsAddr,
			Handler: private, Quiet: true,
		})
	}
	a.server = server.New(c)
	return nil
}

func (a *App) pages() (c web.Config, err error) {
	public, err := url.Parse(a.config.Origin())
	if err != nil {
		return c, err
	}
	console, err := a.jobs.Console(web.JobsPath)
	if err != nil {
		return c, err
	}
	return web.Config{
		Services: a.services, Clock: a.config.Clock, Sessions: a.auth, Live: a.hub, Log: a.log, PublicURL: public,
		Site: a.site.Site, Health: a.health.forWeb,
		Jobs: console, Mails: a.mails.preview(a), Demo: a.config.Demo, Keep: a.config.CleanUpAges(),
	}, nil
}

// isPress reports whether a request registers somebody, by the API or a page.
func isPress(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/register")
}

// isRead reports whether a request only reads, and is soon over. Registering and logging in have other bounded queues:
// the line at the door, and the one for password hashing. Health checks query the database at most once a second.
func isRead(r *http.Request) bool { return gets(r) && !isStream(r) && r.URL.Path != "/api/health" }

// isStream reports whether a request opens the stream of a live page.
func isStream(r *http.Request) bool { return gets(r) && strings.HasSuffix(r.URL.Path, "/live") }

func gets(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// apiAndPages serves the API under /api, and the pages everywhere else.
func apiAndPages(apiHandler, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api" || strings.HasPrefix(r.URL.Path, "/api/") {
			apiHandler.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}
