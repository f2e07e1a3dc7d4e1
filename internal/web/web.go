// Package web is the web app: the pages of Mini Compete, their forms and the live stream behind them.
//
// It owns routes, cookies, form parsing and what each page is made of. Rules are compete's: every page
// calls the same services of compete as the REST API. How things look is package ui's, the text of pages package
// pages'.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/brand"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/live"
	"github.com/minicompete/minicompete/internal/web/markdown"
	"github.com/minicompete/minicompete/internal/web/static"
)

// JobsPath is where Config.Jobs is served.
const JobsPath = "/admin/jobs"

// Config is everything the web app needs. All fields are needed but those that say otherwise.
type Config struct {
	compete.Services
	Clock    func() time.Time
	Sessions Sessions
	Live     *live.Hub
	Log      *slog.Logger
	// PublicURL is where the site is reached, without a path, such as https://compete.example.org. Its
	// scheme decides whether cookies are Secure; its origin is the one that may post.
	PublicURL *url.URL
	// Site is the operator's own, as it is now; nil: an unbranded one. Its logo and accent stay as they are at first.
	Site func() brand.Site
	// Health reports how each dependency is, for the admin's page.
	Health func(ctx context.Context) []Check
	// Jobs is the job console, mounted at JobsPath for admins alone; nil leaves it out.
	Jobs http.Handler
	// Keep says how long things are kept, for the page about privacy.
	Keep compete.CleanUpAges
	// Demo adds the page of components and the names of the demo accounts.
	Demo bool
	// Mails are shown at /dev/mails; nil leaves the page out.
	Mails Mails
}

// Mails shows what mails look like, and which were sent.
type Mails interface {
	// Samples makes a mail of every kind.
	Samples() ([]compete.Mail, error)
	// Sent lists the last mails that went nowhere else, newest first.
	Sent() []compete.Mail
}

// Sessions logs users in and out by cookie, and tells who makes a request; *auth.Authenticator does.
type Sessions interface {
	// IssueCookie makes a session. Its token is for a cookie, until it expires.
	IssueCookie(ctx context.Context, u compete.User) (token string, expires time.Time, err error)
	// Cookie finds the actor behind a token. Errors: compete.ErrUnauthorized, compete.ErrAccountDisabled.
	Cookie(ctx context.Context, token string) (compete.Actor, error)
	// Reread has the next Cookie find the actor as it is then, when something of it has changed.
	Reread(token string)
	// Ended reports whether the actor's login has ended since. It asks no database.
	Ended(a compete.Actor) bool
	// End ends the actor's session.
	End(ctx context.Context, a compete.Actor) error
	// DeviceToken shows that the user was logged in on the device that keeps it. It opens nothing.
	DeviceToken(u compete.User) string
	// KnowsDevice reports whether the token is such a one of the user's, as the user is now.
	KnowsDevice(u compete.User, token string) bool
}

// Check is how one dependency is.
type Check struct {
	Name    string
	OK      bool
	Latency time.Duration
}

// app is the handler of all pages.
type app struct {
	Config
	secure  bool // the site is reached over https
	pages   *live.Feed
	viewers *viewers
	tags    *popularTags
	texts   *markdown.Cache
	covers  pictureCache
	up      map[string]int // for each route that only takes posts, how far up the page with its form is
}

func newApp(c Config) *app {
	if c.Site == nil {
		c.Site = func() brand.Site { return brand.Site{Name: brand.DefaultName} }
	}
	return &app{Config: c, secure: c.PublicURL.Scheme == "https"}
}

// Broken returns the handler that answers where a page panicked: the error page for status 500.
func Broken(c Config) http.Handler { return errorHandler(c, errPanicked) }

// Busy returns the handler that answers when a request doesn't get its turn: the error page for status 503.
func Busy(c Config) http.Handler { return errorHandler(c, compete.ErrBusy) }

func errorHandler(c Config, err error) http.Handler {
	a := newApp(c)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header())
		a.showError(&visit{app: a, w: w, r: r, now: a.Clock()}, compete.AsError(err))
	})
}

// New returns the handler of all pages and static files. Its background work ends with ctx.
func New(ctx context.Context, c Config) http.Handler {
	a := newApp(c)
	a.tags = &popularTags{read: c.Competitions.PopularTags}
	a.texts = markdown.NewCache()
	a.pages = c.Live.Feed(seatsEvent)
	a.viewers = newViewers(c.Mailbox.News, c.Sessions.Ended, c.Log)
	go a.viewers.run(ctx)

	mux := http.NewServeMux()
	routes := a.routes()
	a.up = levelsToPage(routes)
	for _, r := range routes {
		mux.Handle(r.pattern, a.page(r.handle))
	}
	for pattern, up := range a.up {
		mux.Handle(strings.Replace(pattern, http.MethodPost, http.MethodGet, 1),
			a.page(func(r *http.Request, _ *visit) (response, error) {
				return redirect(ancestor(r.URL.EscapedPath(), up)), nil
			}))
	}
	mux.Handle("GET "+static.Prefix, static.Handler())
	mux.HandleFunc("GET /covers/{file}", drawnCover)
	a.serveBrand(mux)
	mux.HandleFunc("GET /competitions/{id}/cover/{file}", a.picture)
	if c.Jobs != nil {
		mux.Handle(JobsPath+"/", a.jobConsole(c.Jobs))
		mux.Handle("GET "+JobsPath, http.RedirectHandler(JobsPath+"/", http.StatusSeeOther))
	}
	mux.Handle("/", a.unrouted(mux))
	return a.protect(mux)
}

// unrouted answers what no route takes: 405 with Allow when the address has other methods, else a page that says there
// is none.
func (a *app) unrouted(mux *http.ServeMux) http.Handler {
	noSuchPage := a.page(func(*http.Request, *visit) (response, error) { return nil, errNoSuchPage })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		probe := *r
		for _, probe.Method = range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
			if _, pattern := mux.Handler(&probe); pattern != "/" {
				allowed = append(allowed, probe.Method)
			}
		}
		if len(allowed) == 0 {
			noSuchPage.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
	})
}

// Routes are the patterns of the pages that a site with this configuration has, as http.ServeMux knows them, for tests
// that must miss none of them. Static files and the job console are no pages.
func Routes(c Config) []string {
	routes := (&app{Config: c}).routes()
	patterns := make([]string, len(routes))
	for i, r := range routes {
		patterns[i] = r.pattern
	}
	return patterns
}

// route is one entry of the table of pages.
type route struct {
	pattern string
	handle  handler
}

// levelsToPage finds, for each route that only takes posts, how many segments of its path lie below the nearest page,
// which has the form. Who opens such an address, which an address bar may show after a post, is led there.
func levelsToPage(routes []route) map[string]int {
	pages := map[string]bool{"/": true}
	for _, r := range routes {
		if path, ok := strings.CutPrefix(r.pattern, "GET "); ok {
			pages[path] = true
		}
	}
	ways := map[string]int{}
	for _, r := range routes {
		path, ok := strings.CutPrefix(r.pattern, "POST ")
		if !ok || pages[path] {
			continue
		}
		for up := 1; ; up++ {
			if pages[ancestor(path, up)] {
				ways[r.pattern] = up
				break
			}
		}
	}
	return ways
}

// ancestor is a path without its last segments.
func ancestor(path string, segments int) string {
	for range segments {
		path = path[:max(strings.LastIndexByte(path, '/'), 0)]
	}
	if path == "" {
		return "/"
	}
	return path
}

// protect refuses posts from other origins, and sets the headers of pages beside those that package server gives every
// answer.
func (a *app) protect(next http.Handler) http.Handler {
	origins := http.NewCrossOriginProtection()
	if err := origins.AddTrustedOrigin(a.PublicURL.Scheme + "://" + a.PublicURL.Host); err != nil {
		a.Log.Error("PUBLIC_URL is not a valid origin for form posts", "error", err)
	}
	// Mail programs post there by RFC 8058, from whatever origin they have; the token in the address is what counts.
	origins.AddInsecureBypassPattern("POST /unsubscribe")
	refuse := a.page(func(*http.Request, *visit) (response, error) { return nil, errCrossOrigin })
	origins.SetDenyHandler(refuse)
	guarded := origins.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header())
		guarded.ServeHTTP(w, r)
	})
}

func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", contentSecurityPolicy) // the job console, once let in, sets its own
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// contentSecurityPolicy allows what this server itself serves, nothing inline, and a picture that somebody has chosen
// and not sent yet.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; " +
	"font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// consolePolicy is that of the job console, whose messages bring styles of their own.
const consolePolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' " +
	"data:; font-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
