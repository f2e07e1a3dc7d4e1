package web

import (
	"net/http"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// whoSees is the page that says who can see what, according to the current settings.
func (a *app) whoSees(_ *http.Request, v *visit) (response, error) {
	site := siteView(a.Site())
	data := pages.WhoSeesData{
		Contact: site.Contact, Policy: site.Privacy, LoggedIn: v.actor.LoggedIn(),
		Mails: a.Installation.HasMailServer(), Kept: a.kept(),
	}
	return show(http.StatusOK,
		pages.WhoSees(v.shared(v.page("Who can see what", ""), "/privacy",
			"What this site stores about you, who can see it, and how long it's kept."), data)), nil
}

// kept lists what is stored.
func (a *app) kept() []pages.Kept {
	const you = "You"
	ages := a.Keep
	account := "Until you delete your account"
	if ages.UnusedAccounts > 0 {
		account += ", or it hasn't been used for " + inDays(ages.UnusedAccounts)
	}
	registrations := "As long as your account exists"
	if ages.Registrations > 0 {
		registrations += ". " + inDays(ages.Registrations) +
			" after the competition ends, your name is removed from them"
	}
	messages := "As long as your account exists"
	if ages.Messages > 0 {
		messages = inDays(ages.Messages)
	}
	addresses := "As long as the login lasts"
	if ages.Addresses > 0 {
		addresses = "As long as the login lasts, at most " + inDays(ages.Addresses) + " after its last use"
	}
	audit := inDays(ages.Audit)
	if ages.Addresses > 0 && ages.Addresses < ages.Audit {
		audit += "; network addresses " + inDays(ages.Addresses)
	}
	return []pages.Kept{
		{
			What: "Name and email address",
			Who: "You, admins, and organizers of competitions you enter. Your name: also members of your team, and " +
				"captains while you look for a team",
			Long: account,
		},
		{What: "Time zone of your messages", Who: you, Long: account},
		{What: "Password, as a hash that can't be reversed", Who: "Nobody", Long: account},
		{
			What: "Registrations: when, which competition, whether you have a seat",
			Who:  "You, that competition's organizer, admins, and members of your team", Long: registrations,
		},
		{
			What: "The team you're in, and whether you're looking for one",
			Who: "You, its members, that competition's organizer, and admins. Its name: also anyone with its code. " +
				"That you're looking: captains in that competition",
			Long: registrations,
		},
		{
			What: "Your answers to a competition's questions", Who: "You, that competition's organizer, and admins",
			Long: registrations + ". Answers to questions marked as sensitive: as long as the organizer chose, " +
				"at most " +
				inDays(compete.MaxAnswersKeptDays*24*time.Hour) + " after the competition ends",
		},
		{
			What: "What you fill in before registration opens", Who: you,
			Long: "Until you register, or registration closes",
		},
		{
			What: "Why you were removed from a competition",
			Who: "You, that competition's organizer, and admins. Internal notes: the organizer and admins; you, in " +
				"your download",
			Long: registrations,
		},
		{
			What: "Scores and notes about your applications, and decisions that haven't been released",
			Who: "That competition's organizer and admins. You, in your download: scores and notes, without who gave " +
				"them, once a decision has been released, or registration has closed if you withdrew before",
			Long: "Until your name is removed from the registration",
		},
		{What: "Messages in your mailbox", Who: you, Long: messages},
		{What: "Logins: device and time", Who: you, Long: "Until they expire, and " + inDays(ages.Sessions) + " more"},
		{What: "Network address of a login", Who: you, Long: addresses},
		{
			What: "Second factors: the names of your passkeys, and when you added and used them",
			Who:  "You. Admins see that you have them. Secrets are encrypted or stored as hashes", Long: account,
		},
		{
			What: "Audit log: each change and each login, when and from where",
			Who: "Admins. What belongs to a competition: also its organizer, without other people's network " +
				"addresses. Your own: you, in your download",
			Long: audit + ". Without your name and addresses once you delete your account",
		},
		{
			What: "Competitions you report", Who: "You and admins",
			Long: "Reports stay, without your name and words once you delete your account",
		},
		{
			What: "Competitions you organize", Who: "Everyone, once published. Drafts: you and admins",
			Long: "Drafts: as long as your account exists. Published ones stay, without your name once you delete it",
		},
		{What: "Links you asked us to email", Who: you, Long: "About an hour after they expire"},
		{What: "Answers to repeated requests", Who: you, Long: inDays(compete.IdempotencyTTL)},
		{What: "Emails that couldn't be sent", Who: "Admins", Long: inDays(ages.FailedJobs)},
	}
}

// inDays formats a duration in whole years, days or hours.
func inDays(d time.Duration) string {
	const day, year = 24 * time.Hour, 365 * 24 * time.Hour
	switch {
	case d >= year && d%year == 0:
		return ui.Plural(int(d/year), "year", "years")
	case d > day:
		return ui.Plural(int((d+day-1)/day), "day", "days")
	case d >= time.Hour:
		return ui.Plural(int((d+time.Hour-1)/time.Hour), "hour", "hours")
	}
	return ui.Plural(int((d+time.Minute-1)/time.Minute), "minute", "minutes")
}
