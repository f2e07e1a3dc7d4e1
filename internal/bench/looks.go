package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/fill"
)

// look is a kind of request in the table. A test makes sure that no page and no route that reads is missing.
type look struct {
	name    string
	request func(s *scaled) []byte
	whole   bool // the response contains everything of something, however much, so only its median is measured
}

// scaled is the product running on a database of a certain size.
type scaled struct {
	*server
	largest, draft, reported              string // competitions
	teams, divided, reviewed, drawn, soon string // those with much else: see lookUpRemarkable
	open, undrawn                         string // one with questions and room, and a lottery that isn't over
	organizer, participant, admin, sample string // users
	waiting, queued                       string // users near the end of the waitlists of largest and divided
	seated, applied, joined               string // registrations for largest, reviewed and teams
	team, member                          string // of teams, and a user in it
	division                              string // of divided
	message                               string // the participant's
	cookies                               map[string]string
	database                              string  // as in the names of PostgreSQL's processes; empty on SQLite
	counts                                *sql.DB // where PostgreSQL counts pages that it looks at; nil if it does not
}

// looks lists all requests. Placeholders in braces are replaced: see scaled.fields.
var looks = []look{
	page("home page", "", "/"),
	page("competitions", "", "/competitions"),
	page("competitions, a search", "", "/competitions?search=laptop+2345"),
	page("competition", "", "/competitions/{largest}"),
	page("competition, as its organizer", fill.OrganizerEmail, "/competitions/{largest}"),
	page("competition, as who is registered", fill.ParticipantEmail, "/competitions/{largest}"),
	partial(page("competition's seats", fill.ParticipantEmail, "/competitions/{largest}/stand")),
	page("calendar", "", "/competitions/{largest}.ics"),
	page("report", "", "/competitions/{largest}/report"),
	page("privacy", "", "/privacy"),

	api("list: newest", none, "/api/competitions"),
	api("list: newest, further down", none, "/api/competitions?cursor={newest}"),
	api("list: deadline", none, "/api/competitions?sort=deadline"),
	api("list: filling", none, "/api/competitions?sort=filling"),
	api("list: upcoming by deadline", none, "/api/competitions?phase=upcoming&sort=deadline"),
	api("list: upcoming by filling", none, "/api/competitions?phase=upcoming&sort=filling"),
	api("list: closed", none, "/api/competitions?phase=closed"),
	api("list: closed by deadline", none, "/api/competitions?phase=closed&sort=deadline"),
	api("list: closed by filling", none, "/api/competitions?phase=closed&sort=filling"),
	api("list: full", none, "/api/competitions?phase=full"),
	api("list: full by deadline", none, "/api/competitions?phase=full&sort=deadline"),
	api("list: waitlist", none, "/api/competitions?phase=waitlist"),
	api("list: cancelled", none, "/api/competitions?phase=cancelled"),
	api("list: a tag", none, "/api/competitions?tags=chess"),
	api("list: a tag by deadline", none, "/api/competitions?tags=chess&sort=deadline"),
	api("list: three tags, closed", none, "/api/competitions?tags=chess,go,math&phase=closed"),
	api("search: rare word", none, "/api/competitions?search=2345"),
	api("search: rare word by deadline", none, "/api/competitions?search=2345&sort=deadline"),
	api("search: no hit", none, "/api/competitions?search=zyzzyva"),
	api("search: common words", none, "/api/competitions?search=chess+team"),
	api("search: everyone's word", none, "/api/competitions?search=laptop"),
	api("search: common and rare", none, "/api/competitions?search=laptop+2345"),
	api("search: prefix", none, "/api/competitions?search=mara"),
	api("search: one letter", none, "/api/competitions?search=z"),
	api("search: closed, common words", none, "/api/competitions?search=chess+team&phase=closed&sort=deadline"),
	api("competition, API", none, "/api/competitions/{largest}"),
	api("calendar, API", none, "/api/competitions/{largest}.ics"),

	page("dashboard of a tenth of all", fill.OrganizerEmail, "/dashboard"),
	page("dashboard of 1,000 competitions", fill.SmallEmail, "/dashboard"),
	api("organizer's list", organizer, "/api/competitions/my-competitions"),
	api("organizer's list: full", organizer, "/api/competitions/my-competitions?phase=full"),
	api("organizer's list: drafts", organizer, "/api/competitions/my-competitions?phase=draft"),
	api("organizer's list: upcoming by deadline", organizer,
		"/api/competitions/my-competitions?phase=upcoming&sort=deadline"),
	page("new competition", fill.OrganizerEmail, "/competitions/create?key=0123456789abcdef"),
	page("edit", fill.OrganizerEmail, "/competitions/{largest}/edit"),
	page("close", fill.OrganizerEmail, "/competitions/{largest}/close"),
	page("cancel", fill.OrganizerEmail, "/competitions/{largest}/cancel"),
	page("delete a draft", fill.OrganizerEmail, "/competitions/{draft}/delete"),

	participants("participants", ""),
	participants("participants, further down", "?cursor={seq}"),
	participants("participants: waitlisted", "?status=WAITLISTED"),
	participants("participants by name", "?sort=name"),
	participants("participants by name, waitlisted", "?sort=name&status=WAITLISTED"),
	participants("participants by status", "?sort=status"),
	participants("participants: rare", "?search=user9876%40"),
	participants("participants: no hit", "?search=zyzzyva"),
	participants("participants: one in 70", "?search=smith"),
	participants("participants: one in 4,000", "?search=ada+smith"),
	participants("participants: one in 4,000 by name", "?search=ada+smith&sort=name"),
	participants("participants: one in 70 by name", "?search=smith&sort=name"),
	participants("participants: everyone", "?search=example"),
	participants("participants: everyone by name", "?search=example&sort=name"),
	participants("participants: two letters", "?search=li"),
	participants("participants: two letters by name", "?search=li&sort=name"),
	participants("participants: one letter", "?search=z"),
	participants("participants: one ideograph", "?search=%E7%8E%8B"),
	participants("participants: two that nobody has", "?search=qj"),
	participants("participants by name: rare", "?sort=name&search=user9876%40"),
	api("participants, API", organizer, "/api/competitions/{largest}/registrations"),
	page("participants with divisions and answers", fill.OrganizerEmail, "/competitions/{divided}/registrations"),
	page("participants of a division", fill.OrganizerEmail,
		"/competitions/{divided}/registrations?division={division}"),
	page("participants of a division by name", fill.OrganizerEmail,
		"/competitions/{divided}/registrations?division={division}&sort=name"),
	page("participants with an answer", fill.OrganizerEmail,
		"/competitions/{divided}/registrations?question=q1-1&answer=M"),
	api("participants of a division, API", organizer, "/api/competitions/{divided}/registrations?division={division}"),
	page("summary of answers", fill.OrganizerEmail, "/competitions/{divided}/registrations/answers"),
	api("summary of answers, API", organizer, "/api/competitions/{divided}/answers"),
	page("participants with teams", fill.OrganizerEmail, "/competitions/{teams}/registrations"),
	page("participants with teams by name", fill.OrganizerEmail, "/competitions/{teams}/registrations?sort=name"),
	page("teams", fill.OrganizerEmail, "/competitions/{teams}/teams"),
	page("teams: incomplete", fill.OrganizerEmail, "/competitions/{teams}/teams?show=incomplete"),
	page("teams: a search", fill.OrganizerEmail, "/competitions/{teams}/teams?search=golden"),
	page("team", fill.OrganizerEmail, "/teams/{team}"),
	page("members to be found", fill.OrganizerEmail, "/teams/{team}/board"),
	page("hand over a team", fill.OrganizerEmail, "/teams/{team}/members/{member}/captain"),
	page("remove from a team", fill.OrganizerEmail, "/teams/{team}/members/{member}/remove"),
	page("change a participant's team", fill.OrganizerEmail, "/competitions/{teams}/registrations/{joined}/team"),
	page("competition with teams", fill.ParticipantEmail, "/competitions/{teams}"),
	api("teams, API", organizer, "/api/competitions/{teams}/teams"),
	api("team, API", organizer, "/api/teams/{team}"),
	api("members to be found, API", organizer, "/api/teams/{team}/seekers"),
	page("draw", "", "/competitions/{drawn}/draw"),
	page("draw, as who took part", fill.ParticipantEmail, "/competitions/{drawn}/draw"),
	page("participants after a draw", fill.OrganizerEmail, "/competitions/{drawn}/registrations"),
	whole(page("draw's file", "", "/competitions/{drawn}/draw.json")),
	whole(page("tickets of a draw", fill.OrganizerEmail, "/competitions/{undrawn}/draw/tickets.csv")),
	api("tickets of a draw, API", organizer, "/api/competitions/{undrawn}/draw/tickets"),
	api("draw, API", none, "/api/competitions/{drawn}/draw"),
	whole(api("draw's file, API", none, "/api/competitions/{drawn}/draw/file")),
	page("applications", fill.OrganizerEmail, "/competitions/{reviewed}/applications"),
	page("applications by score", fill.OrganizerEmail, "/competitions/{reviewed}/applications?sort=score"),
	page("applications: undecided", fill.OrganizerEmail, "/competitions/{reviewed}/applications?show=UNDECIDED"),
	page("applications: unscored", fill.OrganizerEmail, "/competitions/{reviewed}/applications?show=UNSCORED"),
	page("applications: to be admitted", fill.OrganizerEmail, "/competitions/{reviewed}/applications?show=ADMIT"),
	page("applications: one in 4,000", fill.OrganizerEmail, "/competitions/{reviewed}/applications?search=ada+smith"),
	page("preview of a release", fill.OrganizerEmail, "/competitions/{reviewed}/applications/release"),
	api("applications, API", organizer, "/api/competitions/{reviewed}/applications"),
	api("decisions, API", organizer, "/api/competitions/{reviewed}/decisions"),
	api("reviews, API", organizer, "/api/registrations/{applied}/reviews"),
	page("change a registration", fill.OrganizerEmail, "/competitions/{largest}/registrations/{seated}"),
	page("remove a participant", fill.OrganizerEmail, "/competitions/{largest}/registrations/{seated}/remove"),
	page("audit log of a competition", fill.OrganizerEmail, "/competitions/{largest}/audit"),
	api("audit log of a competition, API", organizer, "/api/competitions/{largest}/audit"),
	whole(page("participants to print", fill.OrganizerEmail, "/competitions/{largest}/registrations/print")),
	whole(page("participants as CSV", fill.OrganizerEmail, "/competitions/{largest}/registrations.csv")),
	whole(page("audit log of a competition as CSV", fill.OrganizerEmail, "/competitions/{largest}/audit.csv")),

	page("dashboard of 2,000 registrations", fill.ParticipantEmail, "/dashboard"),
	api("my registrations", participant, "/api/users/me/registrations"),
	api("my registrations, by the other address", participant, "/api/competitions/registrations/my"),
	api("my registrations, far back in line", waiting, "/api/users/me/registrations"),
	api("my registrations, far back in a division", queued, "/api/users/me/registrations"),
	page("competition with divisions", fill.ParticipantEmail, "/competitions/{divided}"),
	page("register with questions", fill.SmallEmail, "/competitions/{open}/register"),
	page("get ready", fill.ParticipantEmail, "/competitions/{soon}/prepare"),
	api("get ready, API", participant, "/api/competitions/{soon}/preparation"),
	page("your answers", fill.ParticipantEmail, "/competitions/{divided}/answers"),
	page("withdraw", fill.ParticipantEmail, "/competitions/{reviewed}/withdraw"),
	page("change division", fill.ParticipantEmail, "/competitions/{divided}/division"),
	page("accept", fill.ParticipantEmail, "/competitions/{largest}/accept"),
	page("decline", fill.ParticipantEmail, "/competitions/{largest}/decline"),
	page("mailbox", fill.ParticipantEmail, "/mailbox"),
	page("message", fill.ParticipantEmail, "/mailbox/{message}"),
	api("mailbox, API", participant, "/api/users/me/mailbox"),
	page("account", fill.ParticipantEmail, "/account"),
	page("security", fill.ParticipantEmail, "/account/security"),
	page("delete account", fill.ParticipantEmail, "/account/delete"),
	whole(page("export of 2,000 registrations", fill.ParticipantEmail, "/account/export")),
	whole(api("export of 2,000 registrations, API", participant, "/api/users/me/export")),
	api("me", participant, "/api/auth/me"),
	api("my sessions", participant, "/api/users/me/sessions"),
	api("my second factors", participant, "/api/users/me/factors"),

	page("log in", "", "/auth/login"),
	page("sign up", "", "/auth/signup"),
	page("log out", fill.ParticipantEmail, "/auth/logout"),
	page("forgot password", "", "/auth/forgot"),
	page("confirm address", fill.ParticipantEmail, "/auth/verify"),

	page("admin", fill.AdminEmail, "/admin"),
	page("admin, people: rare", fill.AdminEmail, "/admin?search=user9876%40"),
	page("admin, audit log", fill.AdminEmail, "/admin/audit"),
	page("admin, audit log of an action", fill.AdminEmail, "/admin/audit?action=registration.created"),
	page("admin, audit log of a person", fill.AdminEmail, "/admin/audit?person={participant}"),
	page("admin, failed jobs", fill.AdminEmail, "/admin/dead-letters"),
	page("admin, reports", fill.AdminEmail, "/admin/reports/{reported}"),
	page("admin, site", fill.AdminEmail, "/admin/site"),
	page("admin, account", fill.AdminEmail, "/admin/users/{sample}"),
	page("admin, reset factors", fill.AdminEmail, "/admin/users/{sample}/reset-factors"),
	page("admin, delete account", fill.AdminEmail, "/admin/users/{sample}/delete"),
	page("admin, unpublish", fill.AdminEmail, "/competitions/{largest}/unpublish"),
	page("admin, transfer", fill.AdminEmail, "/competitions/{largest}/transfer"),
	whole(page("admin, audit log as CSV", fill.AdminEmail, "/admin/audit.csv?action=report.made")),
	api("people", admin, "/api/admin/users"),
	people("people: rare", "user9876%40"),
	people("people: no hit", "zyzzyva"),
	people("people: one in 70", "smith"),
	people("people: one in 4,000", "ada+smith"),
	people("people: everyone", "example"),
	people("people: two letters", "li"),
	people("people: one letter", "z"),
	people("people: one ideograph", "%E7%8E%8B"),
	people("people: two that nobody has", "qj"),
	api("reports, API", admin, "/api/admin/reports"),
	api("failed jobs, API", admin, "/api/admin/failed-jobs"),
	api("audit log, API", admin, "/api/admin/audit"),
	api("organizer requests, API", admin, "/api/admin/organizer-requests"),

	api("greeting", none, "/api"),
	api("health", none, "/api/health"),
}

// fields returns the values of the placeholders in the addresses of looks.
func (s *scaled) fields() []string {
	middle := compete.Cursor{
		List: string(compete.SortNewest), Key: time.Now().Add(-60 * 24 * time.Hour).UnixMicro(), ID: s.largest,
	}
	seq := compete.Cursor{List: compete.SortArrival.List(), Key: 100_000, ID: s.seated}
	return []string{
		"{largest}", s.largest, "{draft}", s.draft, "{reported}", s.reported, "{sample}", s.sample,
		"{participant}", s.participant, "{teams}", s.teams, "{divided}", s.divided, "{reviewed}", s.reviewed,
		"{drawn}", s.drawn, "{soon}", s.soon, "{open}", s.open, "{undrawn}", s.undrawn,
		"{seated}", s.seated, "{applied}", s.applied, "{joined}", s.joined,
		"{team}", s.team, "{member}", s.member, "{division}", s.division, "{message}", s.message,
		"{newest}", url.QueryEscape(middle.String()), "{seq}", url.QueryEscape(seq.String()),
	}
}

func whole(l look) look { l.whole = true; return l }

// partial returns a look with the headers with which htmx requests a part of a page.
func partial(l look) look {
	whole := l.request
	l.request = func(s *scaled) []byte {
		return bytes.Replace(whole(s), []byte("\r\n"), []byte("\r\nHX-Request: true\r\n"), 1)
	}
	return l
}

// page returns a look at a page by the user with the email.
func page(name, email, path string) look {
	return look{name: name, request: func(s *scaled) []byte {
		path := strings.NewReplacer(s.fields()...).Replace(path)
		return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n", path, s.web, s.cookies[email])
	}}
}

func participants(name, query string) look {
	return page(name, fill.OrganizerEmail, "/competitions/{largest}/registrations"+query)
}

func people(name, search string) look { return api(name, admin, "/api/admin/users?search="+search) }

// caller returns the token of a request.
type caller func(s *scaled) string

func none(*scaled) string          { return "" }
func admin(s *scaled) string       { return bearer(s.admin, compete.RoleAdmin) }
func organizer(s *scaled) string   { return bearer(s.organizer, compete.RoleOrganizer) }
func participant(s *scaled) string { return bearer(s.participant, compete.RoleParticipant) }
func waiting(s *scaled) string     { return bearer(s.waiting, compete.RoleParticipant) }
func queued(s *scaled) string      { return bearer(s.queued, compete.RoleParticipant) }

// api returns a look at a route of the API.
func api(name string, who caller, path string) look {
	return look{name: name, request: func(s *scaled) []byte {
		path := strings.NewReplacer(s.fields()...).Replace(path)
		return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\n\r\n", path, s.address, who(s))
	}}
}

func bearer(user string, role compete.Role) string {
	now := time.Now()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": user, "email": "", "role": role, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}).SignedString([]byte(jwtSecret))
	if err != nil {
		panic(err) // signing with a key of bytes never fails
	}
	return "Bearer " + token
}
