package fill

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/normal"
)

var userColumns = []string{
	"id", "email", "name", "password_hash", "role", "created_at", "updated_at",
	"verified_at", "search_text",
}

func (g *generator) joined(i int) time.Time {
	return part(g.Now.Add(-2*span), g.Now.Add(-span), i, g.Size.Users)
}

func (g *generator) userID(i int) uuid.UUID { return newID(g.joined(i), kindUser, i) }

func (g *generator) users(yield func([]any) bool) {
	for i := range g.Size.Users {
		name := firstNames[pick(kindFirstName, i, len(firstNames))] + " " +
			lastNames[pick(kindLastName, i, len(lastNames))]
		email, hash, role := fmt.Sprintf("user%d@example.com", i), "", compete.RoleParticipant
		if i < g.firstParticipant {
			role = compete.RoleOrganizer
		}
		switch i {
		case 0:
			email, hash = OrganizerEmail, g.PasswordHash
		case 1:
			email, hash = SmallEmail, g.PasswordHash
		case g.firstParticipant:
			email, hash = ParticipantEmail, g.PasswordHash
		case g.firstParticipant + 1:
			email, hash, role = AdminEmail, g.PasswordHash, compete.RoleAdmin
		}
		at := g.joined(i)
		if !yield([]any{g.userID(i), email, name, hash, string(role), at, at, at, normal.People(name, email)}) {
			return
		}
	}
}
