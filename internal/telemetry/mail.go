package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// SendOutcome is the result of an attempt to send a message to the SMTP server.
type SendOutcome string

// The outcomes.
const (
	SendDone    SendOutcome = "sent"
	SendRetry   SendOutcome = "retry"   // the server was unavailable or asked to try again
	SendRefused SendOutcome = "refused" // the server refused it permanently
)

func (m *Metrics) addMail() {
	sends := m.counterVec("smtp_sends_total", "Attempts to send an email, by outcome: sent, retry, refused.", "outcome")
	m.sends = map[SendOutcome]prometheus.Counter{}
	for _, outcome := range []SendOutcome{SendDone, SendRetry, SendRefused} {
		m.sends[outcome] = sends.WithLabelValues(string(outcome))
	}
	m.sendTime = m.histogram("smtp_send_seconds", "How long attempts to send an email took.", jobSeconds)
}

// Send counts an attempt to send a message to the SMTP server. A nil *Metrics counts nothing.
func (m *Metrics) Send(o SendOutcome, took time.Duration) {
	if m == nil {
		return
	}
	m.sends[o].Inc()
	m.sendTime.Observe(took.Seconds())
}
