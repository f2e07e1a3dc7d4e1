package compete

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// Invisible characters are removed from names, titles, places, tags and addresses; control characters, which nobody
// types, are refused.
func TestTextIsStoredInOneForm(t *testing.T) {
	now := time.Date(2030, 6, 12, 0, 0, 0, 0, time.UTC)
	signUp := SignUp{
		Name: "Zoe\u0308\u200b \u202eDi\u0301az\n", Email: "\ufeffZOE\u0308@example\u200b.com",
		Password: "password", Role: RoleParticipant,
	}
	if err := signUp.validate(); err != nil || signUp.Name != "Zoë Díaz" || signUp.Email != "zoë@example.com" {
		t.Errorf("got %+q, %v", signUp, err)
	}
	name := "\u2066Ada\u2069  Lovelace"
	if change := (ProfileChange{Name: &name}); change.validate() != nil || *change.Name != "Ada Lovelace" {
		t.Errorf("got %+q", *change.Name)
	}
	n := NewCompetition{
		CompetitionContent: CompetitionContent{
			Title: "Cafe\u0301\u00a0\u200bCup", Location: "Hall\t3\u200f", Capacity: 1,
			RegDeadline: now.Add(time.Hour), Tags: []string{"Cafe\u0301", "cafe", "\u200bgo ", "GO"},
		},
		Description: "as it is\u200b",
	}
	c, err := n.competition("", Organizer{}, now)
	if err != nil || c.Title != "Café Cup" || c.Location != "Hall 3" || c.Description != n.Description ||
		!slices.Equal(c.Tags, []string{"café", "go"}) {
		t.Errorf("got %+v, %v", c, err)
	}
	changed, err := c.Apply(CompetitionChange{Edit: func(c *CompetitionContent) {
		c.Title = "Spring\u2028Cup\u202c"
		c.Location = "\u3164"
		c.Tags = []string{"İzmir"}
	}}, now)
	if err != nil || changed.Title != "Spring Cup" || changed.Location != "" ||
		!slices.Equal(changed.Tags, []string{"izmir"}) {
		t.Errorf("got %+v, %v", changed, err)
	}
	for field, n := range map[string]NewCompetition{
		"title": {
			CompetitionContent: CompetitionContent{
				Title: "bell\a", Capacity: 1, RegDeadline: now.Add(time.Hour),
			},
		},
		"location": {
			CompetitionContent: CompetitionContent{
				Title: "Spring Cup", Location: "a\x1b[2Jb", Capacity: 1, RegDeadline: now.Add(time.Hour),
			},
		},
		"tags": {
			CompetitionContent: CompetitionContent{
				Title: "Spring Cup", Tags: []string{"a\u0090b"}, Capacity: 1, RegDeadline: now.Add(time.Hour),
			},
		},
	} {
		var refused *Error
		if err := n.Check(now); !errors.As(err, &refused) || len(refused.Fields) != 1 ||
			refused.Fields[0].Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
	if err := (SignUp{
		Name: "\u200b\u2800", Email: "ada@example.com", Password: "password",
		Role: RoleParticipant,
	}).Check(); err == nil {
		t.Error("a name that nobody can see is taken")
	}
}
