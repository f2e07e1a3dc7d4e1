package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
)

// deviceCookie identifies the device to its users: a token for each account recently logged in to there, joined by
// deviceSeparator. It grants no access.
const (
	deviceCookie    = "device"
	deviceSeparator = "."
	maxDeviceTokens = 5
)

// deviceTokens returns the tokens in the cookie.
func (v *visit) deviceTokens() []string {
	cookie, err := v.cookie(deviceCookie)
	if err != nil {
		return nil
	}
	tokens := strings.Split(cookie.Value, deviceSeparator)
	return tokens[:min(len(tokens), maxDeviceTokens)]
}

// startLogin logs in a user who has just authenticated, and notifies them if the device is new.
func (v *visit) startLogin(user compete.User) error {
	v.app.Logins.NoteLogin(v.r.Context(), user, v.knownTo(user))
	v.followZone(compete.Actor{UserID: user.ID, Zone: user.Zone})
	if err := v.startSession(user); err != nil {
		return err
	}
	v.keepDevice(user)
	return nil
}

// knownTo reports whether the device has proved an earlier login by the user.
func (v *visit) knownTo(user compete.User) bool {
	return slices.ContainsFunc(v.deviceTokens(),
		func(token string) bool { return v.app.Sessions.KnowsDevice(user, token) })
}

// onDevice returns the request's context with the device's tokens attached.
func (v *visit) onDevice() context.Context {
	client := compete.ClientOf(v.r.Context())
	client.KnownTo = v.knownTo
	return compete.WithClient(v.r.Context(), client)
}

// keepDevice stores a token on the device of an authenticated user, by which knownTo recognizes it.
func (v *visit) keepDevice(user compete.User) {
	tokens, mine := v.deviceTokens(), v.app.Sessions.DeviceToken(user)
	tokens = append([]string{mine}, slices.DeleteFunc(tokens, func(token string) bool { return token == mine })...)
	v.setCookie(deviceCookie, strings.Join(tokens[:min(len(tokens), maxDeviceTokens)], deviceSeparator),
		v.now.AddDate(1, 0, 0))
}

// shownSessions is how many sessions the account page shows.
const shownSessions = 50

func (a *app) sessionsView(v *visit) (pages.SessionsData, error) {
	page, err := a.Logins.Sessions(v.r.Context(), v.actor, "", shownSessions)
	if err != nil {
		return pages.SessionsData{}, err
	}
	data := pages.SessionsData{More: !page.Next.IsZero()}
	for i := range page.Items {
		s := &page.Items[i]
		device := s.Device
		if device == "" {
			device = compete.UnknownDevice
		}
		data.Sessions = append(data.Sessions, pages.SessionData{
			ID: s.ID, Device: device, Network: s.Network, API: s.API, Current: s.ID == v.actor.SessionID,
			Since: s.CreatedAt, LastUsed: s.LastUsedAt,
		})
	}
	return data, nil
}

// endSession ends one of the viewer's sessions; ending it twice is no error.
func (a *app) endSession(r *http.Request, v *visit) (response, error) {
	id := r.PathValue("session")
	err := a.Logins.EndSession(r.Context(), v.actor, id)
	if err != nil && !errors.Is(err, compete.ErrSessionMissing) {
		return nil, err
	}
	if id == v.actor.SessionID {
		return v.afterLogout(), nil
	}
	return redirectWith("session-ended", "/account"), nil
}

func (a *app) endOtherSessions(r *http.Request, v *visit) (response, error) {
	if err := a.Logins.EndOtherSessions(r.Context(), v.actor); err != nil {
		return nil, err
	}
	user, err := a.Accounts.Me(r.Context(), v.actor)
	if err != nil {
		return nil, err
	}
	v.keepDevice(user) // the others' tokens are void, and so was this one
	return redirectWith("sessions-ended", "/account"), nil
}
