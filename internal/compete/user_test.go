package compete

import "testing"

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
