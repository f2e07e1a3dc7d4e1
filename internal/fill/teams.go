package fill

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
)

// teamSize is the number of people of a team, who registered one after the other. Of each ten such groups, one has no
// team, and two of its people look for one.
const teamSize = 4

// teamOf returns the number of the team that the j-th registration is in; -1 if it is in none.
func teamOf(j int) (team int, looking bool) {
	if team = j / teamSize; team%10 == 9 {
		return -1, j%teamSize < 2
	}
	return team, false
}

// unit returns what takes a seat in a competition with teams.
func unit(i int) compete.SeatUnit {
	if i%2 == 1 {
		return compete.SeatPerTeam
	}
	return compete.SeatPerPerson
}

// follows reports whether the j-th registration of a competition goes along with that of a captain.
func follows(of shape, i, j int) bool {
	team, _ := teamOf(j)
	return of == teamed && unit(i) == compete.SeatPerTeam && team >= 0 && j%teamSize > 0 && j%20 != 19
}

func (g *generator) teamID(i, n, team int) uuid.UUID {
	return newID(part(g.created(i), g.end(i), team*teamSize, n), kindTeam, within(i, team))
}

var teamColumns = []string{
	"id", "competition_id", "number", "name", "name_key", "captain_id", "code_version", "created_at",
}

func (g *generator) teams(yield func([]any) bool) {
	g.forEntries(yield, func(e *entry) [][]any {
		if e.team < 0 || e.number%teamSize > 0 {
			return nil
		}
		name := fmt.Sprintf("%s %s %d", adjectives[e.team%len(adjectives)],
			nouns[e.team/len(adjectives)%len(nouns)], e.team)
		return [][]any{{
			newID(e.at, kindTeam, within(e.competition, e.team)), g.competitionID(e.competition), e.seq, name,
			compete.TeamKey(name), g.userID(e.user), 0, e.at,
		}}
	}, teamed)
}
