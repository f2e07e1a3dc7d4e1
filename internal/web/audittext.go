package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

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
		switch compete.RegistrationStatus(is.plain("status")) { //nolint:exhaustive // the others are seats
		case compete.RegistrationWaitlisted:
			return "{who} joined the waitlist of {competition}"
		case compete.RegistrationApplied:
			return "{who} applied for {competition}"
		}
	case compete.AuditCancelled:
		switch is.plain("reason") {
		case string(compete.CancelledBySelf):
			return auditGaveUp[compete.GaveUp(compete.RegistrationStatus(was.plain("status")))]
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

func (v auditValues) names() []string { return slices.Sorted(maps.Keys(v)) }

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
	if at, err := time.Parse(time.RFC3339, values.plain(name)); err == nil {
		return pages.AuditPart{Text: values.plain(name), At: at}
	}
	return pages.AuditPart{Text: values.text(name), Value: true}
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
