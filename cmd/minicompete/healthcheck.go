package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/minicompete/minicompete/internal/config"
)

// healthTimeout is how long a server may take to report its health.
const healthTimeout = 5 * time.Second

type healthcheckCommand struct{}

// Help is the end of the command's help.
func (healthcheckCommand) Help() string {
	return "Checks the server on this machine that uses the same settings. Container images can use it as their " +
		"health check. A worker-only process is checked through METRICS_ADDR."
}

// Run requests the health, and fails unless the server is healthy.
func (healthcheckCommand) Run(ctx context.Context, env *environment) error {
	listen, err := env.healthAddr()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	// Uses the listening address, because a minimal image may not resolve localhost, and no proxy.
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, listen)
		},
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/api/health", nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("not healthy: no response from %s: %w", listen, errors.Unwrap(err))
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("not healthy: %s responded with %s", listen, answer.Status)
	}
	_, err = fmt.Fprintln(env.out, "healthy")
	return err
}

// healthAddr returns the address where this process reports its health.
func (env *environment) healthAddr() (string, error) {
	if err := env.Validate(); err != nil {
		return "", err
	}
	switch {
	case env.Plays(config.RoleWeb):
		return env.WebAddr, nil
	case env.Plays(config.RoleAPI):
		return env.APIAddr, nil
	case env.MetricsAddr != "":
		return env.MetricsAddr, nil
	}
	return "", wrongUsage{errors.New("a worker-only process doesn't listen anywhere; set METRICS_ADDR to check it")}
}
