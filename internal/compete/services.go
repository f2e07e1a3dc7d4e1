package compete

// Services holds all services that the front ends call: every rule of the domain is behind one of them.
type Services struct {
	Accounts       *Accounts
	Logins         *Logins
	SecondFactors  *SecondFactors
	Verification   *Verification
	Competitions   *Competitions
	Registrations  *Registrations
	Teams          *Teams
	Applications   *Applications
	Draws          *Draws
	Mailbox        *Mailbox
	Reports        *Reports
	AuditLog       *AuditLog
	Administration *Administration
	FailedJobs     *FailedJobs
	Installation   *Installation
	Takeout        *Takeout
	Erasure        *Erasure
}
