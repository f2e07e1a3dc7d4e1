package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// auditText is how the log tells of an action. In a sentence {who} did it, {user} is whose account it's about,
// {competition} is what it belongs to, and {was.x} and {is.x} are the value x before and after.
type auditText struct {
	label string // in the filter
	self  string // about the actor's own account, or none
	other string // about somebody else's; empty: as self
}

// auditTexts are all actions, but for what auditSentence says differently.
var auditTexts = map[compete.AuditAction]auditText{
	compete.AuditLogin:       {"Login", "{who} logged in {is.kind}", ""},
	compete.AuditLoginFailed: {"Failed login", "A login failed: {is.reason}", "A login as {user} failed: {is.reason}"},
	compete.AuditLogout:      {"Logout", "{who} logged out", "{who} ended a session of {user}"},
	compete.AuditLogoutOthers: {
		"Logout everywhere else", "{who} logged out everywhere else",
		"{who} ended the other sessions of {user}",
	},
	compete.AuditAllEnded: {
		"All sessions ended", "{who} ended all their sessions",
		"{who} ended all sessions of {user}",
	},
	compete.AuditTokensEnded: {
		"API tokens revoked", "{who} revoked their API tokens",
		"{who} revoked the API tokens of {user}",
	},
	compete.AuditIdleEnded: {
		"Idle session ended", "A session ended because nobody used it",
		"A session of {user} ended because nobody used it",
	},

	compete.AuditAccountCreated: {
		"Account created", "{who} signed up as {is.role}",
		"{who} created the account of {user}, as {is.role}",
	},
	compete.AuditAccountRenamed: {"Name changed", "{who} changed their name", "{who} changed {user}'s name"},
	compete.AuditAccountEmail: {
		"Email changed", "{who} changed their email address",
		"{who} changed {user}'s email address",
	},
	compete.AuditAccountVerified: {
		"Email confirmed", "{who} confirmed their email address",
		"{who} confirmed {user}'s email address",
	},
	compete.AuditAccountPassword: {
		"Password changed", "{who} changed their password",
		"{who} changed {user}'s password",
	},
	compete.AuditAccountReset: {
		"Password reset", "{who} set a new password with a link",
		"{who} set a new password for {user}",
	},
	compete.AuditAccountRole: {
		"Role changed", "{who} changed their own role from {was.role} to {is.role}",
		"{who} changed {user}'s role from {was.role} to {is.role}",
	},
	compete.AuditAccountDisabled: {
		"Account disabled", "{who} disabled their own account",
		"{who} disabled {user}'s account",
	},
	compete.AuditAccountEnabled: {
		"Account enabled", "{who} enabled their own account",
		"{who} enabled {user}'s account",
	},
	compete.AuditAccountReminders: {
		"Reminders", "{who} turned reminders {is.on}",
		"{who} turned {user}'s reminders {is.on}",
	},
	compete.AuditAccountTimeZone: {
		"Time zone changed", "{who} changed the time zone of their messages",
		"{who} changed the time zone of {user}'s messages",
	},
	compete.AuditAccountErased: {"Account deleted", "An account was deleted by its owner", "{who} deleted an account"},

	compete.AuditAppStarted: {"App setup started", "{who} started to set up an authenticator app", ""},
	compete.AuditAppAdded:   {"App added", "{who} set up an authenticator app", ""},
	compete.AuditAppRemoved: {
		"App removed", "{who} removed their authenticator app",
		"{who} removed {user}'s authenticator app",
	},
	compete.AuditPasskeyAdded:   {"Passkey added", "{who} added a passkey", ""},
	compete.AuditPasskeyRenamed: {"Passkey renamed", "{who} renamed a passkey", ""},
	compete.AuditPasskeyRemoved: {"Passkey removed", "{who} removed a passkey", "{who} removed a passkey of {user}"},
	compete.AuditCodeUsed:       {"Recovery code used", "{who} used a recovery code", ""},
	compete.AuditCodesRenewed:   {"Recovery codes renewed", "{who} got new recovery codes", ""},
	compete.AuditFactorsReset: {
		"Second factors reset", "{who} reset their second factors",
		"{who} reset {user}'s second factors",
	},

	compete.AuditLinkAsked: {"Link requested", "{who} asked for a link to {is.purpose}", ""},
	compete.AuditLinkSent: {
		"Link sent", "A link to {is.purpose} was sent",
		"A link to {is.purpose} was sent to {user}",
	},
	compete.AuditLinkMade: {
		"Link created", "{who} created a link to {is.purpose}",
		"{who} created a link to {is.purpose} for {user}",
	},

	compete.AuditMessagesRead: {"Messages read", "{who} marked messages as read", ""},

	compete.AuditOrganizerAsk: {"Request made", "{who} asked to become an organizer", ""},
	compete.AuditOrganizerYes: {
		"Request approved", "{who} approved a request to become an organizer",
		"{who} approved {user}'s request to become an organizer",
	},
	compete.AuditOrganizerNo: {
		"Request declined", "{who} declined a request to become an organizer",
		"{who} declined {user}'s request to become an organizer",
	},

	compete.AuditCompetitionCreated:     {"Created", "{who} created {competition}", ""},
	compete.AuditCompetitionUpdated:     {"Changed", "{who} changed {competition}", ""},
	compete.AuditCompetitionPublished:   {"Published", "{who} published {competition}", ""},
	compete.AuditCompetitionUnpublished: {"Unpublished", "{who} unpublished {competition}", ""},
	compete.AuditCompetitionCancelled:   {"Cancelled", "{who} cancelled {competition}", ""},
	compete.AuditCompetitionTransferred: {
		"Transferred", "{who} took over {competition}",
		"{who} transferred {competition} to {user}",
	},
	compete.AuditCompetitionDeleted: {"Deleted", "{who} deleted the draft {competition}", ""},
	compete.AuditCoverSet:           {"Cover set", "{who} set the cover of {competition}", ""},
	compete.AuditCoverRemoved:       {"Cover removed", "{who} removed the cover of {competition}", ""},

	compete.AuditRegistered: {
		"Registered", "{who} registered for {competition}",
		"{who} registered {user} for {competition}",
	},
	compete.AuditAdded: {"Added", "{who} added a person to {competition}", "{who} added {user} to {competition}"},
	compete.AuditCancelled: {
		"Cancelled", "{who} cancelled their registration for {competition}",
		"{user}'s registration for {competition} was cancelled",
	},
	compete.AuditRemoved: {
		"Removed", "{who} removed a registration for {competition}",
		"{who} removed {user} from {competition}",
	},
	compete.AuditPromoted: {
		"Moved up", "A registration for {competition} moved up from the waitlist",
		"{user} moved up from the waitlist of {competition}",
	},
	compete.AuditOffered: {
		"Seat offered", "A seat for {competition} was offered until {is.confirmBy}",
		"{user} was offered a seat for {competition} until {is.confirmBy}",
	},
	compete.AuditAccepted: {"Offer accepted", "{who} accepted a seat for {competition}", ""},
	compete.AuditDeclined: {"Offer declined", "{who} declined a seat for {competition}", ""},
	compete.AuditOfferExpired: {
		"Offer expired", "The offer of a seat for {competition} expired",
		"{user}'s offer of a seat for {competition} expired",
	},
	compete.AuditOfferShortened: {
		"Offer shortened", "An offer of a seat for {competition} now ends {is.confirmBy}",
		"{user}'s offer of a seat for {competition} now ends {is.confirmBy}",
	},
	compete.AuditDecided: {
		"Decided", "An application for {competition} was decided: {is.status}",
		"{user}'s application for {competition} was decided: {is.status}",
	},
	compete.AuditReviewed: {
		"Scored", "{who} scored an application for {competition}",
		"{who} scored {user}'s application for {competition}: {is.score}",
	},
	compete.AuditDrafted: {
		"Decisions drafted", "{who} drafted decisions about applications for {competition}: {is.admit} to admit, " +
			"{is.waitlist} to waitlist, {is.reject} to reject", "",
	},
	compete.AuditDrawSource: {
		"Draw's source chosen", "{who} chose where the randomness of the draw for {competition} comes from", "",
	},
	compete.AuditDrawTickets: {
		"Tickets given", "{who} set the tickets of {is.people} people in the draw for {competition}", "",
	},
	compete.AuditListFrozen: {
		"Draw's list frozen", "The list of the draw for {competition} was frozen with {is.entries} people", "",
	},
	compete.AuditRandomness: {
		"Draw", "The draw for {competition} happened", "{who} entered the value for the draw for {competition}",
	},
	compete.AuditTeamInvited: {
		"Invited to a team", "{who} invited someone to a team in {competition}",
		"{who} invited {user} to a team in {competition}",
	},
	compete.AuditDrawn: {"Drawn", "{user} was drawn for {competition}", ""},
	compete.AuditReleased: {
		"Decisions released", "{who} released decisions about applications for {competition}: {is.admit} admitted, " +
			"{is.waitlist} waitlisted, {is.reject} not admitted", "",
	},
	compete.AuditUnblocked: {
		"Unblocked", "{who} lets someone register for {competition} again",
		"{who} lets {user} register for {competition} again",
	},
	compete.AuditAnswered: {
		"Answers edited", "{who} edited their answers for {competition}",
		"{who} edited {user}'s answers for {competition}",
	},
	compete.AuditPrepared:   {"Got ready", "{who} got ready to register for {competition}", ""},
	compete.AuditUnprepared: {"Preparation deleted", "{who} deleted what they prepared for {competition}", ""},

	compete.AuditTeamChanged: {
		"Changed team", "{who} changed teams in {competition}", "{who} changed {user}'s team in {competition}",
	},
	compete.AuditTeamLooking: {
		"Looking for a team", "{who} started looking for a team in {competition}",
		"{who} marked {user} as looking for a team in {competition}",
	},
	compete.AuditTeamHandedOver: {
		"New captain", "{who} became captain of their team in {competition}",
		"{who} made {user} captain of a team in {competition}",
	},
	compete.AuditTeamCode: {"Team code renewed", "{who} renewed the code of a team in {competition}", ""},
	compete.AuditIncomplete: {
		"Team incomplete", "{user}'s registration for {competition} was cancelled: too few team members",
		"{user}'s registration for {competition} was cancelled: too few team members",
	},

	compete.AuditMoved: {
		"Changed division", "{who} changed from {was.division} to {is.division} in {competition}",
		"{who} moved {user} from {was.division} to {is.division} in {competition}",
	},

	compete.AuditReported:       {"Report sent", "{who} reported {competition} ({is.reason})", ""},
	compete.AuditReportAnswered: {"Report answered", "{who} answered a report about {competition}: {is.status}", ""},

	compete.AuditSiteChanged: {"Settings changed", "{who} changed the site's settings", ""},
	compete.AuditSiteSetUp:   {"Site set up", "{who} set up the site", ""},
	compete.AuditSetupLink:   {"Setup link printed", "{who} printed a link to set up the site", ""},

	compete.AuditJobRetried: {"Job retried", "{who} retried a failed job ({is.kind})", ""},
	compete.AuditJobConsole: {"Job console", "{who} used the job console ({is.method} {is.path})", ""},

	compete.AuditLogShortened: {"Shortened", "{is.records} old records were deleted from the audit log", ""},
}

// auditKinds are the headings of the filter, by the first word of the actions.
var auditKinds = map[string]string{
	"session": "Logins", "account": "Accounts", "factor": "Second factors", "link": "Links by email",
	"mailbox":           "Mailbox",
	"organizer_request": "Organizer requests", "competition": "Competitions", "registration": "Registrations",
	"report": "Reports",
	"site":   "Site", "job": "Jobs", "audit": "Audit log",
}

var auditVias = map[compete.Via]string{
	compete.ViaPage: "Page", compete.ViaAPI: "API", compete.ViaCommand: "Command line", compete.ViaJob: "Program",
}

// auditFields are the values of a competition that a sentence names, in its order.
var auditFields = append(
	slices.Insert(slices.Clone(compete.ContentFields), 1,
		compete.ContentField{Name: "description", Called: "description"},
		compete.ContentField{Name: "questions", Called: "questions"}),
	compete.ContentField{Name: "accessCode", Called: "access code"},
	compete.ContentField{Name: "divisions", Called: "divisions"},
	compete.ContentField{Name: "status", Called: "status"},
	compete.ContentField{Name: "organizerId", Called: "organizer"},
)

// auditWords are what values are called in a sentence, by the name of the value.
var auditWords = map[string]map[string]string{
	"kind":    {"page": "on the site", "api": "through the API"},
	"on":      {"true": "on", "false": "off"},
	"role":    {"PARTICIPANT": "Participant", "ORGANIZER": "Organizer", "ADMIN": "Admin"},
	"purpose": {"verify": "confirm an email address", "change": "change an email address", "reset": "reset a password"},
	"status": {
		"RESOLVED": "resolved", "DISMISSED": "dismissed", "OPEN": "open",
		string(compete.RegistrationPending): "admitted", string(compete.RegistrationOffered): "offered a seat",
		string(compete.RegistrationRejected): "not admitted", string(compete.RegistrationWaitlisted): "waitlisted",
	},
	"reason": {
		string(compete.FailureUnknownEmail): "unknown email", string(compete.FailureWrongPassword): "wrong password",
		string(compete.FailureWrongCode): "wrong code or passkey", string(compete.FailureDisabled): "account disabled",
		string(compete.FailureDemo): "demo account used from another machine",
		string(compete.ReportSpam):  "advertising", string(compete.ReportFraud): "scam or false information",
		string(compete.ReportOffensive): "offensive or harassing", string(compete.ReportIllegal): "illegal",
		string(compete.ReportOther): "something else",
	},
}

// auditValues are Before or After of a record.
type auditValues map[string]any

func readAuditValues(raw json.RawMessage) (values auditValues) {
	_ = json.Unmarshal(raw, &values) // what an older program wrote otherwise has no values
	return values
}

// text is a value as a sentence has it.
func (v auditValues) text(name string) string {
	text := v.plain(name)
	if word := auditWords[name][text]; word != "" {
		return word
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC().Format("2 Jan 2006, 15:04 UTC")
	}
	if text == "" {
		return "none"
	}
	return text
}

// plain is a value as it was recorded; empty if there is none.
func (v auditValues) plain(name string) string {
	switch value := v[name].(type) {
	case nil:
		return ""
	case string:
		return value
	case float64:
		return fmt.Sprintf("%.0f", value)
	default:
		return fmt.Sprint(value)
	}
}

// auditSentence tells of a record, with placeholders.
func auditSentence(e *compete.AuditEntry, was, is auditValues) string {
	switch e.Action { //nolint:exhaustive // the others always read the same
	case compete.AuditAccountCreated:
		if e.ActorID == "" && e.Via != compete.ViaCommand {
			return "{user} signed up as {is.role}"
		}
	case compete.AuditLoginFailed:
		if e.ActorID != "" && e.UserID == "" {
			return "{who} couldn't confirm it's them: {is.reason}"
		}
	case compete.AuditCompetitionUpdated:
		return auditChanged(was, is)
	case compete.AuditRegistered:
		if is.plain("status") == string(compete.RegistrationWaitlisted) {
			return "{who} joined the waitlist of {competition}"
		}
	case compete.AuditCancelled:
		switch is.plain("reason") {
		case string(compete.CancelledByCompetition):
			return "{user}'s registration was cancelled along with {competition}"
		case string(compete.CancelledByErasure):
			return "{user}'s registration for {competition} was cancelled along with the account"
		}
	case compete.AuditTeamLooking:
		if is.plain("looking") == "true" {
			break
		}
		if e.UserID != "" {
			return "{who} marked {user} as no longer looking for a team in {competition}"
		}
		return "{who} stopped looking for a team in {competition}"
	case compete.AuditRemoved:
		if is.plain("blocked") == "true" {
			return "{who} removed {user} from {competition}, and blocked them"
		}
	case compete.AuditSiteChanged:
		if names := is.names(); len(names) > 0 {
			return "{who} changed the site's settings: " + strings.Join(names, ", ")
		}
	}
	text, known := auditTexts[e.Action]
	switch {
	case !known: // a newer program wrote it
		return "{who}: " + string(e.Action)
	case e.UserID != "" && text.other != "":
		return text.other
	}
	return text.self
}

// auditChanged says what changed of a competition, and of a single short value from what to what.
func auditChanged(was, is auditValues) string {
	var names []string
	single := ""
	for _, field := range auditFields {
		if _, changed := is[field.Name]; changed {
			names, single = append(names, field.Called), field.Name
		}
	}
	if len(names) == 0 {
		return "{who} changed {competition}"
	}
	sentence := "{who} changed the " + enumerate(names) + " of {competition}"
	told := single != "description" && single != "accessCode" && single != "questions"
	if len(names) == 1 && told && len(was.plain(single))+len(is.plain(single)) < 100 {
		sentence += " from {was." + single + "} to {is." + single + "}"
	}
	return sentence
}

// enumerate lists things in a sentence: "a, b and c".
func enumerate(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

func (v auditValues) names() []string {
	var names []string
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

var auditPlaceholder = regexp.MustCompile(`\{(?:who|user|competition|(?:was|is)\.\w+)\}`)

// auditEntry is a record as the page at path shows it.
func auditEntry(e *compete.AuditEntry, path string) pages.AuditEntry {
	was, is := readAuditValues(e.Before), readAuditValues(e.After)
	view := pages.AuditEntry{
		At: e.At, Address: e.Address, Via: auditVias[e.Via], ID: e.ID, Action: string(e.Action),
		SubjectID: e.SubjectID, RequestID: e.RequestID,
	}
	sentence := auditSentence(e, was, is)
	rest := 0
	for _, at := range auditPlaceholder.FindAllStringIndex(sentence, -1) {
		view.Sentence = append(view.Sentence, pages.AuditPart{Text: sentence[rest:at[0]]},
			auditPart(e, was, is, sentence[at[0]+1:at[1]-1], path))
		rest = at[1]
	}
	view.Sentence = append(view.Sentence, pages.AuditPart{Text: sentence[rest:]})
	view.Sentence = slices.DeleteFunc(view.Sentence, func(p pages.AuditPart) bool { return p.Text == "" })
	view.Sentence[0].Text = capitalize(view.Sentence[0].Text)
	for _, name := range slices.Compact(slices.Sorted(slices.Values(append(was.names(), is.names()...)))) {
		view.Values = append(view.Values, pages.AuditValue{Name: name, Before: was.plain(name), After: is.plain(name)})
	}
	return view
}

// auditPart is what a placeholder stands for.
func auditPart(e *compete.AuditEntry, was, is auditValues, placeholder, path string) pages.AuditPart {
	switch placeholder {
	case "who":
		if e.ActorID == "" {
			return pages.AuditPart{Text: loggedOutActors[e.Via]}
		}
		return auditPerson(e.ActorID, e.ActorName, path)
	case "user":
		if e.UserID == "" {
			return pages.AuditPart{Text: "someone"}
		}
		return auditPerson(e.UserID, e.UserName, path)
	case "competition":
		return auditCompetition(e, was, is)
	}
	values := was
	when, name, _ := strings.Cut(placeholder, ".")
	if when == "is" {
		values = is
	}
	return pages.AuditPart{Text: values.text(name), Value: true}
}

// loggedOutActors are who did something when nobody was logged in.
var loggedOutActors = map[compete.Via]string{
	compete.ViaPage: "a visitor", compete.ViaAPI: "a visitor", compete.ViaCommand: "someone at the command line",
	compete.ViaJob: "the program",
}

// auditPerson names an account, and leads to all that the log has of it.
func auditPerson(id, name, path string) pages.AuditPart {
	return pages.AuditPart{Text: cmp.Or(name, deletedAccount), Name: true, Href: auditAddress(path, nil, "person", id)}
}

const (
	deletedAccount     = "a deleted account"
	deletedCompetition = "a deleted competition"
)

// auditCompetition names a competition: as it's called now, or as the record says if it's gone.
func auditCompetition(e *compete.AuditEntry, was, is auditValues) pages.AuditPart {
	switch title := is.plain("title"); {
	case e.CompetitionTitle != "":
		return pages.AuditPart{Text: e.CompetitionTitle, Name: true, Href: competitionPath(e.CompetitionID)}
	case e.ReportedTitle != "":
		return pages.AuditPart{Text: e.ReportedTitle, Name: true, Href: competitionPath(e.Reported())}
	case title != "":
		return pages.AuditPart{Text: title, Name: true}
	case was.plain("title") != "":
		return pages.AuditPart{Text: was.plain("title"), Name: true}
	}
	return pages.AuditPart{Text: deletedCompetition}
}

// auditGroups are the actions of the filter by kind; a competition's log has those about it alone, and for its
// organizer not all of them.
func auditGroups(ofCompetition, admin bool) (groups []pages.OptionGroup) {
	for _, action := range compete.AuditActions {
		kind := action.Subject()
		if ofCompetition && kind != "competition" && kind != "registration" || action.OnlyForAdmins() && !admin {
			continue
		}
		label := auditKinds[kind]
		if len(groups) == 0 || groups[len(groups)-1].Label != label {
			groups = append(groups, pages.OptionGroup{Label: label})
		}
		group := &groups[len(groups)-1]
		group.Options = append(group.Options, ui.Option{Value: string(action), Label: auditTexts[action].label})
	}
	return groups
}
