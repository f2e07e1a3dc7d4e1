// Package drand fetches rounds of drand's quicknet over HTTP.
//
// It owns the way to the network's relays. What a round is, and whether one is genuine, is decided in internal/draw.
package drand

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/minicompete/minicompete/internal/draw"
)

// Client fetches rounds from the first of several relays that has them. None has to be trusted, because each round is
// verified.
type Client struct {
	Relays []string
	HTTP   *http.Client
}

var _ draw.Beacon = Client{}

// maxRoundSize is more than a relay's answer takes, in bytes.
const maxRoundSize = 4096

// Round implements draw.Beacon. The randomness is verified.
func (c Client) Round(ctx context.Context, round uint64) (draw.Randomness, error) {
	failures := []error{fmt.Errorf("no relay has round %d", round)}
	notYet := false
	for _, relay := range c.Relays {
		r, err := c.fetch(ctx, relay, round)
		if err == nil {
			return r, nil
		}
		notYet = notYet || errors.Is(err, draw.ErrNotYet)
		failures = append(failures, fmt.Errorf("%s: %w", relay, err))
	}
	if notYet {
		return draw.Randomness{}, draw.ErrNotYet
	}
	return draw.Randomness{}, errors.Join(failures...)
}

func (c Client) fetch(ctx context.Context, relay string, round uint64) (r draw.Randomness, err error) {
	url := fmt.Sprintf("%s/%s/public/%d", strings.TrimSuffix(relay, "/"), draw.QuicknetHash, round)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return r, err
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		return r, err
	}
	defer func() { _ = response.Body.Close() }()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusTooEarly:
		return r, draw.ErrNotYet
	default:
		return r, fmt.Errorf("status %d", response.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxRoundSize)).Decode(&r); err != nil {
		return r, fmt.Errorf("decode the response: %w", err)
	}
	r = draw.Randomness{Signature: r.Signature}
	_, err = draw.Source{Kind: draw.SourceQuicknet, Round: round}.Bytes(r)
	return r, err
}
