package compete

import "cmp"

// Visibility says who can find a competition. Anybody with its link can see it either way, unless it's a draft.
type Visibility string

// The visibilities of a competition.
const (
	VisibilityPublic   Visibility = "PUBLIC"   // lists, searches and the home page show it
	VisibilityUnlisted Visibility = "UNLISTED" // only its organizer's and admins' lists show it
)

// OrPublic returns v, or PUBLIC if it is empty, as in competitions recorded before there were unlisted ones.
func (v Visibility) OrPublic() Visibility { return cmp.Or(v, VisibilityPublic) }

// Unlisted reports whether only people with the competition's link can find it.
func (c *CompetitionContent) Unlisted() bool { return c.Visibility == VisibilityUnlisted }

func (v *validation) visibility(c *CompetitionContent) {
	if c.Visibility != VisibilityPublic && c.Visibility != VisibilityUnlisted {
		v.add("visibility", "must be PUBLIC or UNLISTED")
	}
}
