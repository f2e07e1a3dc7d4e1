package web

import (
	"slices"

	"github.com/minicompete/minicompete/internal/compete"
)

// auditText is how the log tells of an action. In a sentence {who} did it, {user} is whose account it's about,
// {competition} is what it belongs to, and {was.x} and {is.x} are the value x before and after.
type auditText struct {
	label string // in the filter
	self  string // about the actor's own account, or none
	other string // about somebody else's; empty: as self
}

// auditGaveUp says what people gave up of their own accord, by the message they got.
var auditGaveUp = map[compete.MessageKind]string{
	compete.MessageCancelled:    "{who} cancelled their registration for {competition}",
	compete.MessageWithdrawn:    "{who} withdrew their application for {competition}",
	compete.MessageLeftWaitlist: "{who} left the waitlist of {competition}",
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
	compete.AuditReviewDeleted: {
		"Score withdrawn", "{who} withdrew a score of an application for {competition}",
		"{who} withdrew their score of {user}'s application for {competition}: {was.score}",
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
	compete.AuditTeamRenamed: {
		"Team renamed", "{who} renamed the team {was.name} in {competition} to {is.name}", "",
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

// loggedOutActors are who did something when nobody was logged in.
var loggedOutActors = map[compete.Via]string{
	compete.ViaPage: "a visitor", compete.ViaAPI: "a visitor", compete.ViaCommand: "someone at the command line",
	compete.ViaJob: "the program",
}
