package telemetry

import "github.com/minicompete/minicompete/internal/compete"

func (m *Metrics) addLogIns() {
	m.logInFailures = m.counterVec("login_failures_total",
		"Logins that failed, by reason: unknown_email, wrong_password, disabled, demo (a demo account, from another "+
			"machine), limited (asked to wait), busy (too many passwords are being checked), other.", "reason")
	for _, reason := range compete.LogInFailures {
		m.logInFailures.WithLabelValues(string(reason))
	}
	m.limited = m.counterVec("limited_total",
		"Requests refused by a limit, by its name: signups, logins, links, guesses (wrong passwords for an account, "+
			"from one network or device), account_guesses (from all networks that are new to an account), "+
			"access_codes (wrong ones for a competition), additions (of people by an organizer), reports, "+
			"competitions, notices.", "limit")
	for _, limit := range compete.LimitNames {
		m.limited.WithLabelValues(limit)
	}
}

// LogInFailed implements compete.Observer.
func (m *Metrics) LogInFailed(reason compete.LogInFailure) {
	m.logInFailures.WithLabelValues(string(reason)).Inc()
}

// Limited implements compete.Observer.
func (m *Metrics) Limited(limit string) { m.limited.WithLabelValues(limit).Inc() }
