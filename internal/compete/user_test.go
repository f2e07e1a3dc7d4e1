package compete

import (
	"strings"
	"testing"
)

// TestPasswordLength counts characters for the minimum, as forms and the API do, and bytes for the maximum, which the
// hash bounds.
func TestPasswordLength(t *testing.T) {
	for password, fine := range map[string]bool{
		"äöüß": false, "äöüßéèê": false, "äöüßéèêë": true, "8 letter": true, "seven l": false,
		strings.Repeat("é", MaxPasswordLength/2): true, strings.Repeat("é", MaxPasswordLength/2) + "x": false,
	} {
		var v validation
		v.password(password)
		if err := v.err(); (err == nil) != fine {
			t.Errorf("%q: %v, want it accepted: %v", password, err, fine)
		}
	}
}

func TestRolesBuildOnEachOther(t *testing.T) {
	roles := []Role{RoleParticipant, RoleOrganizer, RoleAdmin}
	for i, role := range roles {
		for j, other := range roles {
			if got := role.AtLeast(other); got != (i >= j) {
				t.Errorf("%s is at least %s: %v", role, other, got)
			}
		}
		if Role("").AtLeast(role) || Role("OWNER").AtLeast(role) {
			t.Errorf("what is no role is at least %s", role)
		}
	}
}
