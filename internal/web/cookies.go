package web

import (
	"net/http"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// The cookies of the pages. Under https their names get a prefix: see cookieName.
const (
	sessionCookie = "session"
	themeCookie   = "theme"
	flashCookie   = "flash"
	zoneCookie    = "zone"   // set by script: the viewer's IANA time zone
	returnCookie  = "return" // a page of this site that goes on once the address is confirmed
)

// returnFor is how long that page is remembered: as long as the link in the email works.
const returnFor = compete.VerifyLinkLife

// cookieName is the name that a cookie has on this site. The prefix __Host- makes browsers refuse one that a
// neighbouring subdomain or plain http tries to plant.
func (a *app) cookieName(name string) string {
	if a.secure {
		return "__Host-" + name
	}
	return name
}

// cookie reads a cookie of the pages. It fails with http.ErrNoCookie.
func (v *visit) cookie(name string) (*http.Cookie, error) { return v.r.Cookie(v.app.cookieName(name)) }

func (v *visit) setCookie(name, value string, expires time.Time) {
	http.SetCookie(v.w, &http.Cookie{ //nolint:gosec // Secure wherever the site is reached over https
		Name: v.app.cookieName(name), Value: value, Path: "/", Expires: expires,
		HttpOnly: true, Secure: v.app.secure, SameSite: http.SameSiteLaxMode,
	})
}

func (v *visit) clearCookie(name string) {
	http.SetCookie(v.w, &http.Cookie{ //nolint:gosec // Secure wherever the site is reached over https
		Name: v.app.cookieName(name), Path: "/", MaxAge: -1,
		HttpOnly: true, Secure: v.app.secure, SameSite: http.SameSiteLaxMode,
	})
}

// theme is the viewer's choice: "light", "dark" or "" for what the system prefers.
func (v *visit) theme() string {
	if c, err := v.cookie(themeCookie); err == nil && (c.Value == "light" || c.Value == "dark") {
		return c.Value
	}
	return ""
}

func setTheme(r *http.Request, v *visit) (response, error) {
	theme := r.PostFormValue("theme")
	if theme != "light" && theme != "dark" {
		return nil, errBadForm
	}
	v.setCookie(themeCookie, theme, v.now.AddDate(1, 0, 0))
	return redirect(localPath(r.PostFormValue("back"), "/")), nil
}

// The messages on the page after a press without script: one is in, on the waitlist, or has applied.
const (
	flashIn      = "in"
	flashWaiting = "waiting"
	flashSent    = "application-sent"

	// What somebody gave up.
	flashCancelled = "withdrawn"
	flashLeft      = "left-waitlist"
	flashTakenBack = "application-withdrawn"
)

// flashCode is the message after a login whose registration lacks the access code.
const flashCode = "access-code"

const publishedText = "Competition published. Share its link to get registrations."

// flashes are the messages that an action can leave for the page after it, by the code in the cookie.
// A code, not a text, so that nobody can plant a message.
var flashes = map[string]ui.Notice{
	"welcome": {Tone: ui.ToneGood, Text: "Welcome! Your account is ready."},
	"bye":     {Tone: ui.ToneInfo, Text: "You're logged out."},
	flashIn:   {Tone: ui.ToneGood, Text: "You're in! A confirmation is on its way to your mailbox."},
	flashWaiting: {
		Tone: ui.ToneInfo,
		Text: "You're on the waitlist. If a seat opens up for you, you'll get a message.",
	},
	"prepared":        {Tone: ui.ToneGood, Text: "Saved. You're ready."},
	"unprepared":      {Tone: ui.ToneInfo, Text: "Saved answers deleted."},
	"answers-saved":   {Tone: ui.ToneGood, Text: "Answers saved."},
	flashSent:         {Tone: ui.ToneGood, Text: "Application sent. You'll get a message when it's decided."},
	flashCancelled:    {Tone: ui.ToneInfo, Text: "Registration cancelled."},
	flashLeft:         {Tone: ui.ToneInfo, Text: "You left the waitlist."},
	flashTakenBack:    {Tone: ui.ToneInfo, Text: "Application withdrawn."},
	"offer-declined":  {Tone: ui.ToneInfo, Text: "Offer declined. You gave up the seat."},
	"removed":         {Tone: ui.ToneInfo, Text: "Registration removed. They'll be notified."},
	"removed-quiet":   {Tone: ui.ToneInfo, Text: "Registration removed. They won't be notified."},
	"added":           {Tone: ui.ToneGood, Text: "Person added. They get the usual confirmation."},
	"added-waiting":   {Tone: ui.ToneInfo, Text: "Person added to the waitlist, because all seats are taken."},
	"added-over":      {Tone: ui.ToneGood, Text: "Person added. Capacity increased by 1."},
	"decided":         {Tone: ui.ToneGood, Text: "Decisions saved as drafts."},
	"none-selected":   {Tone: ui.ToneWarn, Text: "Select applications first."},
	"releasing":       {Tone: ui.ToneGood, Text: "Decisions are being released. Everyone gets one message."},
	"unblocked":       {Tone: ui.ToneGood, Text: "They can register again."},
	"unpublished":     {Tone: ui.ToneInfo, Text: "Competition unpublished."},
	"draw-source":     {Tone: ui.ToneGood, Text: "Saved."},
	"tickets-saved":   {Tone: ui.ToneGood, Text: "Tickets saved."},
	"draw-value":      {Tone: ui.ToneGood, Text: "Saved. The draw starts in a few seconds."},
	"transferred":     {Tone: ui.ToneGood, Text: "Competition transferred."},
	"created":         {Tone: ui.ToneGood, Text: publishedText, Saved: true},
	"drafted":         {Tone: ui.ToneInfo, Text: "Draft saved. Only you can see it until you publish it.", Saved: true},
	"cover-saved":     {Tone: ui.ToneGood, Text: "Cover saved."},
	"cover-removed":   {Tone: ui.ToneInfo, Text: "Cover removed. A generated one takes its place."},
	"saved":           {Tone: ui.ToneGood, Text: "Saved.", Saved: true},
	"published":       {Tone: ui.ToneGood, Text: publishedText},
	"closed":          {Tone: ui.ToneInfo, Text: "Registration closed."},
	"cancelled":       {Tone: ui.ToneInfo, Text: "Competition cancelled. Everyone registered will be notified."},
	"all-read":        {Tone: ui.ToneGood, Text: "All messages marked as read."},
	"password":        {Tone: ui.ToneGood, Text: "Password changed. You're logged out everywhere else."},
	"password-reset":  {Tone: ui.ToneGood, Text: "Password set. Log in with it."},
	"email-confirmed": {Tone: ui.ToneGood, Text: "Email confirmed."},
	"email-password":  {Tone: ui.ToneGood, Text: "Email confirmed and password set. Log in with it."},
	"session-ended":   {Tone: ui.ToneGood, Text: "That device is logged out."},
	"sessions-ended":  {Tone: ui.ToneGood, Text: "You're logged out everywhere else."},
	"link-sent":       {Tone: ui.ToneGood, Text: "We've emailed you a link."},
	"link-shown":      {Tone: ui.ToneGood, Text: "Your link is ready. This demo shows it at /dev/mails."},
	"link-logged":     {Tone: ui.ToneGood, Text: "Your link is ready. It's in the server's log."},
	"change-sent": {
		Tone: ui.ToneGood,
		Text: "We've emailed a link to the new address. Open it to make the change.",
	},
	"team-created":    {Tone: ui.ToneGood, Text: "Team created. Share the code or the link with the others."},
	"team-joined":     {Tone: ui.ToneGood, Text: "You joined the team."},
	"team-left":       {Tone: ui.ToneInfo, Text: "You left the team."},
	"team-code":       {Tone: ui.ToneGood, Text: "The team has a new code. Earlier ones no longer work."},
	"team-renamed":    {Tone: ui.ToneGood, Text: "The team has a new name."},
	"team-changed":    {Tone: ui.ToneGood, Text: "Team changed."},
	"captain":         {Tone: ui.ToneGood, Text: "The team has a new captain."},
	"member-removed":  {Tone: ui.ToneInfo, Text: "Removed from the team."},
	"hand-over-first": {Tone: ui.ToneWarn, Text: "You're the captain. Make someone else captain before you leave."},
	"invited":         {Tone: ui.ToneGood, Text: "Invitation sent."},
	"looking":         {Tone: ui.ToneGood, Text: "Captains can find and invite you now."},
	"not-looking":     {Tone: ui.ToneInfo, Text: "Captains can no longer find you."},
	"moved":           {Tone: ui.ToneGood, Text: "Division changed."},
	"not-open":        {Tone: ui.ToneInfo, Text: "You're logged in. You can register here once registration opens."},
	flashCode:         {Tone: ui.ToneWarn, Text: "You're logged in. Enter the access code to register."},
	"not-here":        {Tone: ui.ToneWarn, Text: "You're logged in, but this account can't register here."},
	"not-registered": {
		Tone: ui.ToneWarn,
		Text: "You're logged in, but your registration didn't go through. See its status below.",
	},
	"deleted":    {Tone: ui.ToneInfo, Text: "Draft deleted."},
	"retried":    {Tone: ui.ToneGood, Text: "Job queued again."},
	"set-up":     {Tone: ui.ToneGood, Text: "Your site is set up, and you're logged in as its admin."},
	"site-saved": {Tone: ui.ToneGood, Text: "Settings saved. They apply everywhere within seconds."},
	"mail-works": {Tone: ui.ToneGood, Text: "The mail server accepted the test email. Check your inbox."},
	"approved": {
		Tone: ui.ToneGood,
		Text: "Request approved. They can create competitions now, and we've sent them a message.",
	},
	"declined": {
		Tone: ui.ToneInfo,
		Text: "Request declined. They're still a participant, and we've sent them a message.",
	},
	"applied": {
		Tone: ui.ToneGood,
		Text: "Welcome! You can register for competitions now. Before you can create your own, an admin has to " +
			"approve you. You'll get a message in your mailbox.",
	},
	"reported":        {Tone: ui.ToneGood, Text: "Thanks for the report. The admins will look at it."},
	"reports-done":    {Tone: ui.ToneGood, Text: "Reports answered."},
	"user-logged-out": {Tone: ui.ToneGood, Text: "They're logged out everywhere."},
	"app-on":          {Tone: ui.ToneGood, Text: "Your authenticator app is set up."},
	"app-off":         {Tone: ui.ToneInfo, Text: "Authenticator app turned off."},
	"passkey-added":   {Tone: ui.ToneGood, Text: "Passkey added."},
	"passkey-removed": {Tone: ui.ToneInfo, Text: "Passkey removed. You can also delete it on your device."},
	"factors-reset":   {Tone: ui.ToneInfo, Text: "Second factors reset. We've sent them a message."},
	"user-changed":    {Tone: ui.ToneGood, Text: "Account updated."},
	"user-deleted":    {Tone: ui.ToneInfo, Text: "Account deleted."},
	"account-deleted": {
		Tone: ui.ToneInfo,
		Text: "Your account is deleted. The last traces will be gone within a few minutes.",
	},
}

// flashFor is how long a message waits for its page.
const flashFor = time.Minute

func (v *visit) setFlash(code string) {
	v.setCookie(flashCookie, code, v.now.Add(flashFor))
}

func (v *visit) takeFlash() {
	cookie, err := v.cookie(flashCookie)
	if err != nil {
		return
	}
	if notice, ok := flashes[cookie.Value]; ok {
		v.flash = &notice
	}
	v.clearCookie(flashCookie)
}
