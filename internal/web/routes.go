package web

import "slices"

// routes returns the table of pages. All other paths get the 404 page.
func (a *app) routes() []route {
	routes := slices.Concat(a.accountRoutes(), a.competitionRoutes(), a.teamRoutes(), a.adminRoutes(), []route{
		{"GET /{$}", a.home},
		{"POST /theme", setTheme},
		{"GET /privacy", a.whoSees},
		{"GET /live", a.live},
		{"GET /dashboard", a.dashboard},
		{"GET /mailbox", a.mailbox},
		{"POST /mailbox/read-all", a.readAll},
		{"GET /mailbox/{message}", a.readMessage},
	})
	if a.Demo {
		routes = append(routes, route{"GET /dev/components", a.components})
	}
	if a.Mails != nil {
		routes = append(routes, route{"GET /dev/mails", a.devMailList}, route{"GET /dev/mails/{mail}", a.devMail},
			route{"GET /dev/mails/{mail}/html", a.devMailHTML})
	}
	return routes
}

func (a *app) accountRoutes() []route {
	return []route{
		{"GET /auth/login", a.loginForm},
		{"POST /auth/login", a.login},
		{"POST /auth/login/passkey", a.loginWithPasskey},
		{"POST /auth/login/second", a.loginSecond},
		{"GET /auth/again", a.againForm},
		{"POST /auth/again", a.again},
		{"GET /auth/signup", a.signupForm},
		{"POST /auth/signup", a.signup},
		{"GET /auth/logout", a.logoutForm},
		{"POST /auth/logout", a.logout},
		{"GET /auth/forgot", a.forgotForm},
		{"POST /auth/forgot", a.forgot},
		{"GET /auth/reset", a.resetForm},
		{"POST /auth/reset", a.reset},
		{"GET /auth/confirm", a.confirmEmailForm},
		{"POST /auth/confirm", a.confirmEmail},
		{"GET /auth/verify", a.verifyNotice},
		{"POST /auth/verify", a.verifyAgain},
		{"GET /unsubscribe", a.unsubscribeForm},
		{"POST /unsubscribe", a.unsubscribe},
		{"GET /account", a.account},
		{"POST /account/email", a.changeEmail},
		{"POST /account/reminders", a.changeReminders},
		{"POST /account/time-zone", a.changeTimeZone},
		{"POST /account", a.changeName},
		{"POST /account/password", a.changePassword},
		{"GET /account/security", a.security},
		{"POST /account/security/passkeys", a.addPasskey},
		{"POST /account/security/passkeys/{passkey}/rename", a.renamePasskey},
		{"POST /account/security/passkeys/{passkey}/remove", a.removePasskey},
		{"POST /account/security/app", a.startApp},
		{"GET /account/security/app", a.setUpApp},
		{"POST /account/security/app/confirm", a.confirmApp},
		{"POST /account/security/app/remove", a.removeApp},
		{"POST /account/security/codes", a.newCodes},
		{"GET /account/export", a.exportAccount},
		{"GET /account/delete", a.deleteAccountForm},
		{"POST /account/delete", a.deleteAccount},
		{"POST /account/sessions/end", a.endOtherSessions},
		{"POST /account/sessions/{session}/end", a.endSession},
	}
}

func (a *app) competitionRoutes() []route {
	return []route{
		{"GET /competitions", a.listCompetitions},
		{"GET /competitions/create", a.createForm},
		{"POST /competitions/create", a.create},
		{"POST /competitions/create/preview", a.previewNew},
		{"GET /competitions/{id}", a.competition},
		{"GET /competitions/{id}/stand", a.stand},
		{"GET /competitions/{id}/register", a.registerForm},
		{"POST /competitions/{id}/register", a.register},
		{"GET /competitions/{id}/prepare", a.prepareForm},
		{"POST /competitions/{id}/prepare", a.prepare},
		{"GET /competitions/{id}/answers", a.answersForm},
		{"POST /competitions/{id}/answers", a.saveAnswers},
		{"GET /competitions/{id}/division", a.moveForm},
		{"POST /competitions/{id}/division", a.move},
		{"GET /competitions/{id}/team", a.joinTeamForm},
		{"POST /competitions/{id}/team", a.joinTeam},
		{"POST /competitions/{id}/team/looking", a.lookForTeam},
		{"GET /competitions/{id}/withdraw", a.withdrawForm},
		{"POST /competitions/{id}/withdraw", a.withdraw},
		{"GET /competitions/{id}/accept", a.acceptForm},
		{"POST /competitions/{id}/accept", a.accept},
		{"GET /competitions/{id}/decline", a.declineForm},
		{"POST /competitions/{id}/decline", a.decline},
		{"POST /competitions/{id}/cover", a.uploadCover},
		{"POST /competitions/{id}/cover/remove", a.removeCover},
		{"GET /competitions/{id}/edit", a.editForm},
		{"POST /competitions/{id}/edit", a.edit},
		{"POST /competitions/{id}/edit/preview", a.previewEdit},
		{"POST /competitions/{id}/publish", a.publish},
		{"GET /competitions/{id}/close", a.closeForm},
		{"POST /competitions/{id}/close", a.closeNow},
		{"GET /competitions/{id}/cancel", a.cancelForm},
		{"POST /competitions/{id}/cancel", a.cancel},
		{"GET /competitions/{id}/unpublish", a.unpublishForm},
		{"POST /competitions/{id}/unpublish", a.unpublish},
		{"GET /competitions/{id}/transfer", a.transferForm},
		{"POST /competitions/{id}/transfer", a.transfer},
		{"GET /competitions/{id}/delete", a.deleteForm},
		{"POST /competitions/{id}/delete", a.deleteDraft},
		{"GET /competitions/{id}/report", a.reportForm},
		{"POST /competitions/{id}/report", a.report},
		{"GET /competitions/{id}/registrations", a.registrations},
		{"POST /competitions/{id}/registrations", a.addPerson},
		{"GET /competitions/{id}/registrations.csv", a.registrationsCSV},
		{"GET /competitions/{id}/registrations/print", a.printRegistrations},
		{"GET /competitions/{id}/registrations/answers", a.answersSummary},
		{"GET /competitions/{id}/registrations/{registration}", a.editRegistrationForm},
		{"POST /competitions/{id}/registrations/{registration}", a.editRegistration},
		{"POST /competitions/{id}/registrations/{registration}/division", a.moveRegistration},
		{"GET /competitions/{id}/registrations/{registration}/remove", a.removeForm},
		{"POST /competitions/{id}/registrations/{registration}/remove", a.remove},
		{"POST /competitions/{id}/registrations/{registration}/unblock", a.unblock},
		{"GET /competitions/{id}/registrations/{registration}/team", a.changeMemberForm},
		{"POST /competitions/{id}/registrations/{registration}/team", a.changeMember},
		{"GET /competitions/{id}/teams", a.teamList},
		{"GET /competitions/{id}/applications", a.reviewed(a.applications)},
		{"POST /competitions/{id}/applications", a.reviewed(a.decideSelected)},
		{"POST /competitions/{id}/applications/{registration}", a.reviewed(a.decideOne)},
		{"GET /competitions/{id}/applications/progress", a.reviewed(a.decisionProgress)},
		{"GET /competitions/{id}/applications/release", a.reviewed(a.releaseForm)},
		{"POST /competitions/{id}/applications/release", a.reviewed(a.release)},
		{"GET /competitions/{id}/draw", a.draw},
		{"GET /competitions/{id}/draw.json", a.drawFile},
		{"POST /competitions/{id}/draw/source", a.setDrawSource},
		{"POST /competitions/{id}/draw/tickets", a.setTickets},
		{"GET /competitions/{id}/draw/tickets.csv", a.ticketsCSV},
		{"POST /competitions/{id}/draw/value", a.enterDrawValue},
		{"GET /competitions/{id}/audit", a.competitionAudit},
		{"GET /competitions/{id}/audit.csv", a.competitionAuditCSV},
	}
}

func (a *app) teamRoutes() []route {
	return []route{
		{"GET /teams/{team}", a.team},
		{"POST /teams/{team}/name", a.renameTeam},
		{"POST /teams/{team}/code", a.renewTeamCode},
		{"GET /teams/{team}/board", a.board},
		{"POST /teams/{team}/board", a.invite},
		{"GET /teams/{team}/leave", a.leaveForm},
		{"POST /teams/{team}/leave", a.leave},
		{"GET /teams/{team}/members/{user}/captain", a.handOverForm},
		{"POST /teams/{team}/members/{user}/captain", a.handOver},
		{"GET /teams/{team}/members/{user}/remove", a.removeMemberForm},
		{"POST /teams/{team}/members/{user}/remove", a.removeMember},
	}
}

func (a *app) adminRoutes() []route {
	return []route{
		{"GET " + SetupPath, a.setupForm},
		{"POST " + SetupPath, a.setup},
		{"POST " + SetupPath + "/test-email", a.testSetupMail},

		{"GET /admin", a.admin},
		{"GET /admin/audit", a.audit},
		{"GET /admin/audit.csv", a.auditCSV},
		{"GET /admin/site", a.siteSettings},
		{"POST /admin/site", a.changeSite},
		{"POST /admin/site/test-email", a.testMail},
		{"POST /admin/checklist", a.changeChecklist},
		{"POST /admin/organizer-requests/{request}", a.answerOrganizerRequest},
		{"GET /admin/users/{user}", a.userForm},
		{"POST /admin/users/{user}", a.changeUser},
		{"POST /admin/users/{user}/end-sessions", a.endUserSessions},
		{"GET /admin/reports/{id}", a.reports},
		{"POST /admin/reports/{id}", a.answerReports},
		{"GET /admin/users/{user}/reset-factors", a.resetFactorsForm},
		{"POST /admin/users/{user}/reset-factors", a.resetFactors},
		{"GET /admin/users/{user}/delete", a.deleteUserForm},
		{"POST /admin/users/{user}/delete", a.deleteUser},
		{"GET /admin/dead-letters", a.failedJobs},
		{"POST /admin/dead-letters/{letter}/retry", a.retryFailedJob},
	}
}
