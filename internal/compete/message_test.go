package compete

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
	"time"
)

func TestEveryKindOfMessageIsInTheTable(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "message.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	listed, declared := MessageKinds(), 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); !ok || name.Name != "MessageKind" {
			return true
		}
		declared++
		kind, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(listed, MessageKind(kind)) {
			t.Errorf("%s isn't in messageKinds", spec.Names[0].Name)
		}
		return true
	})
	if declared != len(listed) {
		t.Errorf("%d kinds are declared and %d are in messageKinds", declared, len(listed))
	}
	for _, kind := range listed {
		if traits := kind.Traits(); traits.Priority == 0 || traits.Holds == nil != kind.AboutAccount() {
			t.Errorf("%s has the traits %+v", kind, traits)
		}
	}
}

func TestAMessageHoldsWhileItIsTrue(t *testing.T) {
	start := time.Date(2030, 5, 4, 11, 30, 0, 0, time.UTC)
	holds := map[MessageKind][]RegistrationStatus{
		MessageConfirmed:            {RegistrationPending},
		MessagePromoted:             {RegistrationPending},
		MessageWaitlisted:           {RegistrationWaitlisted},
		MessageCancelled:            {RegistrationCancelled},
		MessageWithdrawn:            {RegistrationCancelled},
		MessageLeftWaitlist:         {RegistrationCancelled},
		MessageRemoved:              {RegistrationCancelled},
		MessageCompetitionCancelled: {RegistrationCancelled},
		MessageReminder:             {RegistrationConfirmed},
		MessageChanged: {
			RegistrationPending, RegistrationConfirmed, RegistrationOffered,
			RegistrationApplied, RegistrationWaitlisted,
		},
		MessageApplied:  {RegistrationApplied},
		MessageRejected: {RegistrationRejected},
		MessageTeamTooSmall: {
			RegistrationConfirmed, RegistrationPending, RegistrationOffered, RegistrationApplied,
			RegistrationWaitlisted,
		},
		MessageTeamCaptain: {
			RegistrationConfirmed, RegistrationPending, RegistrationOffered, RegistrationApplied,
			RegistrationWaitlisted,
		},
		MessageTeamLeft: {
			RegistrationConfirmed, RegistrationPending, RegistrationOffered, RegistrationApplied,
			RegistrationWaitlisted,
		},
		MessageIncompleteTeam: {RegistrationCancelled},
		MessageOffered:        {RegistrationOffered},
		MessageOfferReminder:  {RegistrationOffered},
		MessageOfferExpired:   {RegistrationCancelled},
		MessageOfferDeclined:  {RegistrationCancelled},
	}
	for _, kind := range append(MessageKinds(), "of a later version") {
		for _, status := range RegistrationStatuses {
			target := Target{
				Notice:       Notice{Kind: kind},
				Registration: Registration{RegistrationState: RegistrationState{Status: status}},
				Competition: Competition{CompetitionContent: CompetitionContent{
					StartDate: &start, Team: &TeamRules{Min: 2, Max: 3},
				}},
			}
			want := slices.Contains(holds[kind], status) || holds[kind] == nil // not ours to lose
			if got := target.Holds(); got != want {
				t.Errorf("%s holds for a registration that is %s: %v, want %v", kind, status, got, want)
			}
		}
	}
	if (&Target{
		Notice:       Notice{Kind: MessageReminder},
		Registration: Registration{RegistrationState: RegistrationState{Status: RegistrationConfirmed}},
	}).Holds() {
		t.Error("a reminder holds without a start")
	}
}

// What is said about a team holds while it is so.
func TestMessagesAboutTeamsHold(t *testing.T) {
	for _, c := range []struct {
		kind   MessageKind
		teamID string
		team   TargetTeam
		holds  bool
	}{
		{MessageTeamTooSmall, "", TargetTeam{}, true},
		{MessageTeamTooSmall, "red", TargetTeam{Size: 1}, true},
		{MessageTeamTooSmall, "red", TargetTeam{Size: 2}, false},
		{MessageTeamCaptain, "red", TargetTeam{CaptainID: "ada"}, true},
		{MessageTeamCaptain, "red", TargetTeam{CaptainID: "bob"}, false},
		{MessageTeamLeft, "", TargetTeam{}, true},
		{MessageTeamLeft, "red", TargetTeam{Size: 2}, false},
	} {
		target := Target{Notice: Notice{Kind: c.kind}, Team: c.team, Registration: Registration{
			UserID: "ada", RegistrationState: RegistrationState{Status: RegistrationConfirmed, TeamID: c.teamID},
		}}
		target.Competition.Team = &TeamRules{Min: 2, Max: 3}
		if got := target.Holds(); got != c.holds {
			t.Errorf("%s of %q with %+v holds: %t, want %t", c.kind, c.teamID, c.team, got, c.holds)
		}
	}
}
