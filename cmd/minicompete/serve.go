package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/minicompete/minicompete/internal/app"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/demo"
)

type serveCommand struct {
	Demo bool `help:"Add the demo data, show the demo logins and, unless you set an address, listen only on this machine."`
}

// Help is the end of the command's help.
func (serveCommand) Help() string {
	return "SIGTERM or Ctrl-C stops the server gracefully: it answers requests in progress and finishes jobs or " +
		"returns them to the queue. A second signal stops it immediately."
}

// Run serves until it receives a signal.
func (c *serveCommand) Run(ctx context.Context, env *environment) error {
	limitMemory(env.DatabaseURL)
	if _, err := env.TokenSecret(); err != nil {
		return wrongUsage{err}
	}
	if c.Demo {
		if err := env.refuseDemo(); err != nil {
			return err
		}
		env.Demo = true
		env.listenHere("web-addr", "WEB_ADDR", &env.WebAddr)
		env.listenHere("api-addr", "API_ADDR", &env.APIAddr)
	}
	a, err := app.New(ctx, env.Config)
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return err
	}
	if err := env.announce(ctx, a); err != nil {
		return errors.Join(err, stop(ctx, a))
	}
	return a.Wait(ctx)
}

// stop stops an app within app.StopTimeout, even if ctx has ended.
func stop(ctx context.Context, a *app.App) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), app.StopTimeout)
	defer cancel()
	return a.Stop(ctx)
}

// refuseDemo refuses to serve accounts with a public password on a site that others can reach.
func (env *environment) refuseDemo() error {
	if env.Public() {
		return wrongUsage{
			fmt.Errorf("PUBLIC_URL (%s) can be reached by others, so demo data can't be added: the "+
				"password of its accounts is public", env.PublicURL),
		}
	}
	return nil
}

// listenHere restricts a default address to this machine.
func (env *environment) listenHere(flag, variable string, addr *string) {
	_, chosen := os.LookupEnv(variable)
	for _, step := range env.parsed.Path {
		chosen = chosen || step.Flag != nil && step.Flag.Name == flag
	}
	if host, port, err := net.SplitHostPort(*addr); !chosen && err == nil && host == "" {
		*addr = net.JoinHostPort("127.0.0.1", port)
	}
}

// announce prints all addresses, and where to set up a site that has no admin. That link is only for the operator: it
// is never logged, since others may read the log.
func (env *environment) announce(ctx context.Context, a *app.App) error {
	if env.SMTPURL == "" && !env.Demo {
		env.Logger.Warn("SMTP_URL is not set: this site sends no email, and nobody can reset a " +
			"forgotten password on their own")
	}
	setup, err := env.setupLink(ctx, a)
	if err != nil {
		return err
	}
	lines := []string{"Mini Compete " + env.Version + " is running."}
	if addr := a.Addr(app.EndpointWeb); addr != "" {
		lines = append(lines, "  Pages    "+address(addr))
	}
	if setup != "" {
		lines = append(lines, "  Setup    "+setup)
	}
	if addr := a.Addr(app.EndpointAPI); addr != "" {
		lines = append(lines, "  API      "+address(addr)+"/api", "  API docs "+address(addr)+"/api/docs")
	}
	if addr := a.Addr(app.EndpointMetrics); addr != "" {
		lines = append(lines, "  Metrics  "+address(addr)+"/metrics")
	}
	if path, ok := env.DatabaseURL.SQLitePath(); ok {
		lines = append(lines, "  Data     "+path)
	} else {
		lines = append(lines, "  Data     "+env.DatabaseURL.String())
	}
	if env.Demo {
		lines = append(lines, "Demo logins, on this machine only (password: "+demo.Password+"):")
		for _, login := range demo.Logins() {
			lines = append(lines, "  "+login)
		}
	}
	if setup != "" {
		lines = append(lines,
			"There's no admin yet. Open the setup link to become the admin, and don't share it: it "+
				"works until an admin exists.")
	}
	_, err = fmt.Fprintln(env.out, strings.Join(lines, "\n"))
	return err
}

// setupLink returns the link for creating the first admin; empty if there is an admin, or the process serves no pages.
func (env *environment) setupLink(ctx context.Context, a *app.App) (string, error) {
	pages := a.Addr(app.EndpointWeb)
	if pages == "" {
		return "", nil
	}
	site := env.Origin()
	if env.PublicURL == config.Default().PublicURL { // no public URL is configured
		site = address(pages)
	}
	return a.SetupLink(ctx, site)
}

// address returns a reachable address of a listener: one on every interface can be reached on this machine too.
func address(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && ip != nil && (ip.IsUnspecified() || ip.IsLoopback()) {
		addr = net.JoinHostPort("localhost", port)
	}
	return "http://" + addr
}
