package web

func competitionPath(id string) string { return "/competitions/" + id }

func registrationsPath(competitionID string) string {
	return competitionPath(competitionID) + "/registrations"
}

// inboxPath is the path of the applications.
func inboxPath(competitionID string) string { return competitionPath(competitionID) + "/applications" }

func drawPath(competitionID string) string { return competitionPath(competitionID) + "/draw" }

func teamPath(id string) string { return "/teams/" + id }
