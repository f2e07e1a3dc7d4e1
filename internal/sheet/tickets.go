package sheet

import (
	"iter"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// ticketColumns are the columns of a list of tickets. The first two are what such a list needs to be saved again.
var ticketColumns = []string{"email", "tickets", "name"}

func ticketHolder(t *compete.TicketHolder) []string {
	return []string{t.Email, strconv.Itoa(t.Tickets), t.Name}
}

// TicketsName returns the file name of a lottery's list of tickets exported on a day.
func TicketsName(title string, day time.Time) string {
	name := "tickets-" + day.Format(time.DateOnly) + ".csv"
	if title = slug(title); title != "" {
		name = title + "-" + name
	}
	return name
}

// SendTickets is Send for the tickets of a lottery.
func SendTickets(
	w http.ResponseWriter, r *http.Request, log *slog.Logger, name, mark string,
	parts iter.Seq2[[]compete.TicketHolder, error],
) {
	send(w, r, log, name, mark, ticketColumns, parts, ticketHolder)
}
