// Package web is the web app: the pages of Mini Compete, their forms and the live stream behind them.
//
// It handles routes, cookies, form parsing and the composition of pages. Rules are in compete: pages call the same
// services as the REST API. Package ui defines how pages look, and package pages their text.
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

// JobsPath is where Config.Jobs is mounted.
const JobsPath = "/admin/jobs"

// Config configures the web app. All fields are required unless they say otherwise.
type Config struct {
	compete.Services
	Clock    func() time.Time
	Sessions Sessions
	Live     *live.Hub
	Log      *slog.Logger
	// PublicURL is the site's public URL, without a path, such as https://compete.example.org. Its scheme determines
	// whether cookies are Secure; only its origin may post.
	PublicURL *url.URL
	// Site returns the operator's current branding; nil for an unbranded site. The logo and accent color are only read
	// at startup.
	Site func() brand.Site
	// Health reports the state of each dependency, for the admin page.
	Health func(ctx context.Context) []Check
	// Jobs is the job console, mounted at JobsPath for admins only; nil omits it.
	Jobs http.Handler
	// Keep says how long data is kept, for the privacy page.
	Keep compete.CleanUpAges
	// Demo adds the page of components and the names of the demo accounts.
	Demo bool
	// Mails are shown at /dev/mails; nil omits the page.
	Mails Mails
}

// Mails provides sample emails and the ones that were sent.
type Mails interface {
	// Samples returns an email of every kind.
	Samples() ([]compete.Mail, error)
	// Sent lists the last emails that weren't delivered anywhere else, newest first.
	Sent() []compete.Mail
}

// Sessions logs users in and out by cookie, and authenticates requests; *auth.Authenticator implements it.
type Sessions interface {
	// IssueCookie creates a session. Its token is for a cookie, until it expires.
	IssueCookie(ctx context.Context, u compete.User) (token string, expires time.Time, err error)
	// Cookie returns the actor of a token. Errors: compete.ErrUnauthorized, compete.ErrAccountDisabled.
	Cookie(ctx context.Context, token string) (compete.Actor, error)
	// Reread makes the next call of Cookie read the actor again, after it has changed.
	Reread(token string)
	// Ended reports whether the actor's login has ended in the meantime. It doesn't query the database.
	Ended(a compete.Actor) bool
	// End ends the actor's session.
	End(ctx context.Context, a compete.Actor) error
	// DeviceToken returns a token that proves that the user was logged in on the device that stores it. It grants no
	// access.
	DeviceToken(u compete.User) string
	// KnowsDevice reports whether the token is a DeviceToken of the user, as the user is now.
	KnowsDevice(u compete.User, token string) bool
}

// Check is the state of one dependency.
type Check struct {
	Name    string
	OK      bool
	Latency time.Duration
}

// app is the handler of all pages.
type app struct {
	Config
	secure  bool // the site's public URL uses https
	pages   *live.Feed
	viewers *viewers
	tags    *popularTags
	texts   *markdown.Cache
	covers  pictureCache
	up      map[string]int // for each post-only route, how far up the page with its form is
}

func newApp(c Config) *app {
	if c.Site == nil {
		c.Site = func() brand.Site { return brand.Site{Name: brand.DefaultName} }
	}
	return &app{Config: c, secure: c.PublicURL.Scheme == "https"}
}

// Broken returns the handler to use after a page panicked: the error page for status 500.
func Broken(c Config) http.Handler { return errorHandler(c, errPanicked) }

// Busy returns the handler for requests that don't get their turn: the error page for status 503.
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
	mux.HandleFunc("GET /robots.txt", serveRobots)
	mux.HandleFunc("GET /competitions/{id}/cover/{file}", a.picture)
	if c.Jobs != nil {
		mux.Handle(JobsPath+"/", a.jobConsole(c.Jobs))
		mux.Handle("GET "+JobsPath, http.RedirectHandler(JobsPath+"/", http.StatusSeeOther))
	}
	mux.Handle("/", a.unrouted(mux))
	return a.protect(mux)
}

// unrouted handles requests that match no route: 405 with Allow if the path supports other methods, otherwise a
// not-found page.
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

// Routes returns the http.ServeMux patterns of all pages with this configuration, for tests that must not miss any. It
// doesn't include static files and the job console.
func Routes(c Config) []string {
	routes := (&app{Config: c}).routes()
	patterns := make([]string, len(routes))
	for i, r := range routes {
		patterns[i] = r.pattern
	}
	return patterns
}

// route is one entry in the table of pages.
type route struct {
	pattern string
	handle  handler
}

// levelsToPage returns, for each post-only route, how many segments of its path lie below the nearest page, which
// contains the form. Opening such a path, which the address bar may show after a post, redirects there.
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

// ancestor returns a path without its last segments.
func ancestor(path string, segments int) string {
	for range segments {
		path = path[:max(strings.LastIndexByte(path, '/'), 0)]
	}
	if path == "" {
		return "/"
	}
	return path
}

// protect refuses posts from other origins, and sets the headers of pages in addition to those that package server
// always sets.
func (a *app) protect(next http.Handler) http.Handler {
	origins := http.NewCrossOriginProtection()
	if err := origins.AddTrustedOrigin(a.PublicURL.Scheme + "://" + a.PublicURL.Host); err != nil {
		a.Log.Error("PUBLIC_URL is not a valid origin for form posts", "error", err)
	}
	// Email clients post there from any origin (RFC 8058); the token in the URL authorizes them.
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
	h.Set("Content-Security-Policy", contentSecurityPolicy) // after authorization, the job console sets its own
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
}

// contentSecurityPolicy allows this server's own content, nothing inline, and a selected picture that hasn't been
// uploaded yet.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; " +
	"font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// consolePolicy is the policy of the job console, whose messages have inline styles.
const consolePolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' " +
	"data:; font-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
