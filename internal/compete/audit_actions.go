package compete

import (
	"slices"
	"strings"
)

// AuditAction says what was done, as "noun.verb": the noun is the kind of its subject. A new action is added here, and
// its sentence to package web.
type AuditAction string

// What is recorded. Before and After hold what is said in brackets.
const (
	AuditAccountCreated   AuditAction = "account.created"   // {role}
	AuditAccountRenamed   AuditAction = "account.renamed"   // names are personal: neither is kept
	AuditAccountRole      AuditAction = "account.role"      // {role}
	AuditAccountDisabled  AuditAction = "account.disabled"  //
	AuditAccountEnabled   AuditAction = "account.enabled"   //
	AuditAccountPassword  AuditAction = "account.password"  // changed with the current one
	AuditAccountReset     AuditAction = "account.reset"     // a password set through a link
	AuditAccountVerified  AuditAction = "account.verified"  // the address is shown to be the user's
	AuditAccountEmail     AuditAction = "account.email"     // another address; neither is kept
	AuditAccountReminders AuditAction = "account.reminders" // {on}
	AuditAccountTimeZone  AuditAction = "account.time_zone" // chosen, or no longer; it is personal, so it isn't kept
	AuditAccountErased    AuditAction = "account.erased"    // deleted for good

	AuditAppStarted     AuditAction = "factor.app_started" // counts once a code of it was shown
	AuditAppAdded       AuditAction = "factor.app_added"
	AuditAppRemoved     AuditAction = "factor.app_removed"
	AuditPasskeyAdded   AuditAction = "factor.passkey_added"
	AuditPasskeyRenamed AuditAction = "factor.passkey_renamed"
	AuditPasskeyRemoved AuditAction = "factor.passkey_removed"
	AuditCodeUsed       AuditAction = "factor.recovery_code_used"
	AuditCodesRenewed   AuditAction = "factor.recovery_codes_renewed"
	AuditFactorsReset   AuditAction = "factor.reset" // all of them, by an admin or on the command line

	AuditLogin AuditAction = "session.started" // {kind: page or api}
	// {reason}; User is who would have logged in, if there is such an account
	AuditLoginFailed  AuditAction = "session.refused"
	AuditLogout       AuditAction = "session.ended"          //
	AuditLogoutOthers AuditAction = "session.others_ended"   // all but the one that asks
	AuditAllEnded     AuditAction = "session.all_ended"      // by an admin
	AuditTokensEnded  AuditAction = "session.tokens_ended"   // those made outside, which have no session
	AuditIdleEnded    AuditAction = "session.idle_ended"     // after SESSION_IDLE without use
	AuditLinkAsked    AuditAction = "link.requested"         // {purpose}; whose address it is isn't known yet
	AuditLinkSent     AuditAction = "link.sent"              // {purpose}
	AuditLinkMade     AuditAction = "link.created"           // {purpose}, on the command line
	AuditMessagesRead AuditAction = "mailbox.read"           // one message, or all of them
	AuditOrganizerAsk AuditAction = "organizer_request.made" //
	AuditOrganizerYes AuditAction = "organizer_request.approved"
	AuditOrganizerNo  AuditAction = "organizer_request.declined"

	AuditCompetitionCreated     AuditAction = "competition.created" // {title, status, capacity}
	AuditCompetitionUpdated     AuditAction = "competition.updated" // what changed; of long text only that it did
	AuditCompetitionPublished   AuditAction = "competition.published"
	AuditCompetitionUnpublished AuditAction = "competition.unpublished"
	AuditCompetitionCancelled   AuditAction = "competition.cancelled"     // {status}
	AuditCompetitionTransferred AuditAction = "competition.transferred"   // {organizerId}
	AuditCompetitionDeleted     AuditAction = "competition.deleted"       // {title}
	AuditCoverSet               AuditAction = "competition.cover_set"     // {cover}, a hash
	AuditCoverRemoved           AuditAction = "competition.cover_removed" // {cover}

	AuditRegistered AuditAction = "registration.created"   // {status}, {status, seq}
	AuditAdded      AuditAction = "registration.added"     // {status}, {status, seq}: by staff
	AuditCancelled  AuditAction = "registration.cancelled" // {status}, {reason}
	// {status}, {blocked, notified}; what was said is with the registration
	AuditRemoved      AuditAction = "registration.removed"
	AuditPromoted     AuditAction = "registration.promoted" // {status}, {status, seq}
	AuditOffered      AuditAction = "registration.offered"  // {status}, {status, seq, confirmBy}
	AuditAccepted     AuditAction = "registration.accepted" // {status}, {status, seq}
	AuditDeclined     AuditAction = "registration.declined" // {status}, {status, reason}
	AuditOfferExpired AuditAction = "registration.expired"  // {status}, {status, reason}
	// {confirmBy}, {confirmBy}: the competition starts earlier
	AuditOfferShortened AuditAction = "registration.shortened"
	AuditUnblocked      AuditAction = "registration.unblocked"
	// {questions}: which, but never the answers
	AuditAnswered       AuditAction = "registration.answered"
	AuditPrepared       AuditAction = "registration.prepared"          // something was filled in ahead
	AuditUnprepared     AuditAction = "registration.unprepared"        // what was filled in ahead was deleted
	AuditMoved          AuditAction = "registration.moved"             // {division, status}, the same and {seq}
	AuditTeamChanged    AuditAction = "registration.team_changed"      // {team}, {team, status, seq}: names
	AuditIncomplete     AuditAction = "registration.incomplete"        // {status}, {reason}: dropped with its team
	AuditTeamLooking    AuditAction = "registration.looking"           // {looking}
	AuditTeamHandedOver AuditAction = "team.handed_over"               // {captainId}
	AuditTeamRenamed    AuditAction = "team.renamed"                   // {name}, {name}
	AuditTeamCode       AuditAction = "team.code_renewed"              //
	AuditTeamInvited    AuditAction = "team.invited"                   // the user, who looks for a team
	AuditDecided        AuditAction = "registration.decided"           // {status}, {status, seq, confirmBy}
	AuditReviewed       AuditAction = "registration.reviewed"          // {score}; the note isn't kept
	AuditReviewDeleted  AuditAction = "registration.review_deleted"    // {score}: by the reviewer
	AuditDrafted        AuditAction = "competition.decisions_drafted"  // {admit, waitlist, reject, cleared}
	AuditReleased       AuditAction = "competition.decisions_released" // {admit, waitlist, reject}
	AuditDrawSource     AuditAction = "competition.draw_source"        // {source, name}
	AuditDrawTickets    AuditAction = "competition.draw_tickets"       // {people}; not who
	AuditListFrozen     AuditAction = "competition.list_frozen"        // {entries, hash, round}
	AuditRandomness     AuditAction = "competition.randomness"         // {signature, value}: what the source said
	AuditDrawn          AuditAction = "registration.drawn"             // {status}, {status, seq, confirmBy}
	AuditReported       AuditAction = "report.made"                    // {competitionId, reason}
	AuditReportAnswered AuditAction = "report.answered"                // {competitionId, status}
	AuditSiteChanged    AuditAction = "site.changed"                   // by setting; of a contact only that it changed
	AuditSiteSetUp      AuditAction = "site.set_up"
	AuditSetupLink      AuditAction = "site.setup_link" // a start without an admin printed one
	AuditJobRetried     AuditAction = "job.retried"     // {kind}
	AuditJobConsole     AuditAction = "job.console"     // {method, path}: an admin used the job console
	AuditLogShortened   AuditAction = "audit.shortened" // {records}: what was too old was deleted
)

// AuditActions lists them all, in the order in which a page offers them.
var AuditActions = []AuditAction{
	AuditLogin, AuditLoginFailed, AuditLogout, AuditLogoutOthers, AuditAllEnded, AuditTokensEnded, AuditIdleEnded,
	AuditAccountCreated, AuditAccountRenamed, AuditAccountEmail, AuditAccountVerified,
	AuditAccountPassword, AuditAccountReset,
	AuditAccountRole, AuditAccountDisabled, AuditAccountEnabled, AuditAccountReminders, AuditAccountTimeZone,
	AuditAccountErased,
	AuditAppStarted, AuditAppAdded, AuditAppRemoved, AuditPasskeyAdded, AuditPasskeyRenamed, AuditPasskeyRemoved,
	AuditCodeUsed, AuditCodesRenewed, AuditFactorsReset,
	AuditLinkAsked, AuditLinkSent, AuditLinkMade, AuditMessagesRead,
	AuditOrganizerAsk, AuditOrganizerYes, AuditOrganizerNo,
	AuditCompetitionCreated, AuditCompetitionUpdated, AuditCompetitionPublished, AuditCompetitionUnpublished,
	AuditCompetitionCancelled,
	AuditCompetitionTransferred, AuditCompetitionDeleted, AuditCoverSet, AuditCoverRemoved,
	AuditRegistered, AuditAdded, AuditCancelled, AuditRemoved, AuditPromoted, AuditUnblocked, AuditMoved,
	AuditAnswered, AuditPrepared, AuditUnprepared,
	AuditTeamChanged, AuditTeamLooking, AuditTeamHandedOver, AuditTeamRenamed, AuditTeamCode,
	AuditTeamInvited, AuditIncomplete,
	AuditReviewed, AuditReviewDeleted, AuditDrafted, AuditReleased, AuditDecided,
	AuditDrawSource, AuditDrawTickets, AuditListFrozen, AuditRandomness, AuditDrawn,
	AuditOffered, AuditAccepted, AuditDeclined, AuditOfferExpired, AuditOfferShortened,
	AuditReported, AuditReportAnswered, AuditSiteChanged, AuditSiteSetUp, AuditSetupLink, AuditJobRetried,
	AuditJobConsole, AuditLogShortened,
}

// preparing are the actions of people who may never enter the competition. Until they do, they are strangers to its
// organizer.
var preparing = []AuditAction{AuditPrepared, AuditUnprepared}

// OnlyForAdmins reports whether a competition's organizer isn't told of such actions.
func (a AuditAction) OnlyForAdmins() bool { return slices.Contains(preparing, a) }

// Subject is the kind of what an action is about, such as "registration".
func (a AuditAction) Subject() string {
	kind, _, _ := strings.Cut(string(a), ".")
	return kind
}
