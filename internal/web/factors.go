package web

import (
	"errors"
	"fmt"
	"image/color"
	"net/http"
	"strings"

	"github.com/boombuler/barcode/qr"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

const securityPath = "/account/security"

// beforeFactor lists the routes available to users who first have to set up a second factor: those for the setup, and
// for leaving.
var beforeFactor = map[string]bool{
	"GET /account/security": true, "POST /account/security/passkeys": true,
	"POST /account/security/app": true, "GET /account/security/app": true, "POST /account/security/app/confirm": true,
	"GET /auth/again": true, "POST /auth/again": true,
	"GET /auth/logout": true, "POST /auth/logout": true, "POST /theme": true, "GET /live": true,
}

func (a *app) factorsSummary(v *visit) (pages.FactorsSummary, error) {
	f, _, err := a.SecondFactors.Mine(v.r.Context(), v.actor)
	return pages.FactorsSummary{App: f.App != nil, Passkeys: len(f.Passkeys)}, err
}

// security is the page of the viewer's second factors. Every action there needs a recent login.
func (a *app) security(_ *http.Request, v *visit) (response, error) {
	return a.showSecurity(v, http.StatusOK, func(*pages.SecurityData) {})
}

func (a *app) showSecurity(v *visit, status int, fill func(*pages.SecurityData)) (response, error) {
	if err := a.Logins.RequireFresh(v.actor, compete.RoleParticipant); err != nil {
		return nil, err
	}
	f, required, err := a.SecondFactors.Mine(v.r.Context(), v.actor)
	if err != nil {
		return nil, err
	}
	data := pages.SecurityData{Codes: f.RecoveryCodes, Required: required}
	if f.App != nil {
		data.App = &f.App.ConfirmedAt
	}
	for _, k := range f.Passkeys {
		data.Passkeys = append(data.Passkeys,
			pages.PasskeyRow{ID: k.ID, Name: k.Name, Since: k.CreatedAt, Used: k.LastUsedAt})
	}
	data.Challenge = challengeView(a.SecondFactors.ChallengeNewPasskey(v.r.Context(), v.actor))
	fill(&data)
	return show(status, pages.Security(v.passkeyPage("Login security", ui.SectionAccount), data)), nil
}

// secured shows the page again after a refused action on second factors, and redirects to it after a successful one.
func (a *app) secured(v *visit, err error, flash string) (response, error) {
	if e, ok := v.refused(err); ok || errors.Is(err, compete.ErrPasskeyRefused) {
		return a.showSecurity(v, formStatus(e), func(d *pages.SecurityData) { d.Refused = plainText(e) })
	}
	if err != nil && !errors.Is(err, compete.ErrFactorMissing) { // a factor that is already gone counts as success
		return nil, err
	}
	return redirectWith(flash, securityPath), nil
}

// withCodes shows new recovery codes, if any.
func (a *app) withCodes(v *visit, codes []string, flash string) (response, error) {
	if len(codes) == 0 {
		return redirectWith(flash, securityPath), nil
	}
	v.secretPage = true
	return show(http.StatusOK, pages.RecoveryCodes(v.page("Recovery codes", ui.SectionAccount), codes)), nil
}

func (a *app) startApp(r *http.Request, v *visit) (response, error) {
	if _, err := a.SecondFactors.StartApp(r.Context(), v.actor); err != nil {
		return a.secured(v, err, "")
	}
	return redirect(securityPath + "/app"), nil
}

func (a *app) setUpApp(_ *http.Request, v *visit) (response, error) {
	return a.showSetUp(v, http.StatusOK, nil)
}

func (a *app) showSetUp(v *visit, status int, wrong pages.Errors) (response, error) {
	app, err := a.SecondFactors.StartedApp(v.r.Context(), v.actor)
	if errors.Is(err, compete.ErrFactorMissing) {
		return redirect(securityPath), nil
	}
	if err != nil {
		return nil, err
	}
	data := pages.AppData{Secret: app.Secret, URI: app.URI, Errors: wrong}
	if data.QR, data.Size, err = qrCode(app.URI); err != nil {
		return nil, err
	}
	v.secretPage = true
	return show(status, pages.SetUpApp(v.page("Set up authenticator app", ui.SectionAccount), data)), nil
}

func (a *app) confirmApp(r *http.Request, v *visit) (response, error) {
	codes, err := a.SecondFactors.ConfirmApp(r.Context(), v.actor, r.PostFormValue("code"))
	if e, ok := v.refused(err); ok {
		return a.showSetUp(v, problem.Status(e.Kind), formErrors(e))
	}
	if err != nil {
		return a.secured(v, err, "")
	}
	return a.withCodes(v, codes, "app-on")
}

func (a *app) removeApp(r *http.Request, v *visit) (response, error) {
	return a.secured(v, a.SecondFactors.RemoveApp(r.Context(), v.actor), "app-off")
}

func (a *app) newCodes(r *http.Request, v *visit) (response, error) {
	codes, err := a.SecondFactors.NewRecoveryCodes(r.Context(), v.actor)
	if err != nil {
		return a.secured(v, err, "")
	}
	return a.withCodes(v, codes, "")
}

func (a *app) addPasskey(r *http.Request, v *visit) (response, error) {
	name := r.PostFormValue("name")
	codes, err := a.SecondFactors.AddPasskey(r.Context(), v.actor, name, r.PostFormValue("auth-state"),
		r.PostFormValue("auth-answer"))
	if e := compete.AsError(err); err != nil && e.Kind == compete.KindInvalid {
		return a.showSecurity(v, problem.Status(e.Kind),
			func(d *pages.SecurityData) { d.Name, d.Errors = name, formErrors(e) })
	}
	if err != nil {
		return a.secured(v, err, "")
	}
	return a.withCodes(v, codes, "passkey-added")
}

func (a *app) renamePasskey(r *http.Request, v *visit) (response, error) {
	return a.secured(v, a.SecondFactors.RenamePasskey(r.Context(), v.actor, r.PathValue("passkey"),
		r.PostFormValue("name")), "saved")
}

func (a *app) removePasskey(r *http.Request, v *visit) (response, error) {
	return a.secured(v, a.SecondFactors.RemovePasskey(r.Context(), v.actor, r.PathValue("passkey")), "passkey-removed")
}

// resetFactorsForm asks for confirmation before an admin removes a user's second factors.
func (a *app) resetFactorsForm(r *http.Request, v *visit) (response, error) {
	user, err := a.Administration.User(r.Context(), v.actor, r.PathValue("user"))
	if err != nil {
		return nil, err
	}
	page := "/admin/users/" + user.ID
	return ask(v, pages.Confirm{
		Title: "Reset second factors?",
		Text: "This removes the passkeys, the authenticator app and the recovery codes of " + user.Email +
			". From then on, they log in with just their password. Make sure it was really them who asked you.",
		Action: page + "/reset-factors", Yes: "Reset second factors", Back: page, No: "Keep them", Danger: true,
	}), nil
}

func (a *app) resetFactors(r *http.Request, v *visit) (response, error) {
	err := a.SecondFactors.Reset(r.Context(), v.actor, r.PathValue("user"))
	if err != nil && !errors.Is(err, compete.ErrFactorMissing) {
		return nil, err
	}
	return redirectWith("factors-reset", "/admin/users/"+r.PathValue("user")), nil
}

// qrMargin is the white border that a QR code needs, in modules.
const qrMargin = 4

// qrCode returns a text's QR code as an SVG path, with its view box.
func qrCode(text string) (path, viewBox string, err error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", "", fmt.Errorf("make a QR code: %w", err)
	}
	var b strings.Builder
	size := code.Bounds().Dx()
	for y := range size {
		for x := range size {
			if code.At(x, y) == color.Black {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+qrMargin, y+qrMargin)
			}
		}
	}
	return b.String(), fmt.Sprintf("0 0 %[1]d %[1]d", size+2*qrMargin), nil
}
