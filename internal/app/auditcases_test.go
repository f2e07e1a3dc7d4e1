package app_test

import (
	"net/http"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web"
)

const (
	asParticipant = compete.RoleParticipant
	asOrganizer   = compete.RoleOrganizer
	asAdmin       = compete.RoleAdmin
)

// auditCases are the routes that change something, by method and pattern.
var auditCases = map[string]auditCase{
	// Accounts, at the API.
	"POST /api/auth/signup": {action: compete.AuditAccountCreated, request: func(w *auditWorld) *http.Request {
		return w.api("POST", "/api/auth/signup",
			map[string]any{"name": "New", "email": newAddress(), "password": newPassword, "role": "PARTICIPANT"})
	}},
	"POST /api/auth/login": {action: compete.AuditLogin, request: func(w *auditWorld) *http.Request {
		return w.api("POST", "/api/auth/login",
			map[string]any{"email": w.someone(asParticipant).Email, "password": apptest.Password})
	}},
	"POST /api/auth/confirm": {action: compete.AuditLogin, request: func(w *auditWorld) *http.Request {
		return w.api("POST", "/api/auth/confirm", map[string]any{"password": apptest.Password},
			w.someone(asParticipant))
	}},
	"POST /api/auth/logout": {action: compete.AuditTokensEnded, request: func(w *auditWorld) *http.Request {
		return w.api("POST", "/api/auth/logout", nil, w.someone(asParticipant))
	}},
	"POST /api/auth/password/forgot": {action: compete.AuditLinkAsked, request: func(w *auditWorld) *http.Request {
		return w.api("POST", "/api/auth/password/forgot", map[string]any{"email": newAddress()})
	}},
	"POST /api/auth/password/reset": {action: compete.AuditAccountReset, request: func(w *auditWorld) *http.Request {
		p := w.someone(asParticipant)
		return w.api("POST", "/api/auth/password/reset",
			map[string]any{"token": w.link(p, compete.LinkReset, p.Email), "password": newPassword})
	}},
	"POST /api/auth/email/confirm": {action: compete.AuditAccountEmail, request: func(w *auditWorld) *http.Request {
		p := w.someone(asParticipant)
		return w.api("POST", "/api/auth/email/confirm",
			map[string]any{"token": w.link(p, compete.LinkChange, newAddress())}, p)
	}},
	"PATCH /api/users/me": {action: compete.AuditAccountPassword, request: func(w *auditWorld) *http.Request {
		return w.api("PATCH", "/api/users/me",
			map[string]any{"password": newPassword, "currentPassword": apptest.Password}, w.someone(asParticipant))
	}},
	"POST /api/users/me/email": {action: compete.AuditLinkAsked, request: func(w *auditWorld) *http.Request {
		return w.api("POST", "/api/users/me/email",
			map[string]any{"email": newAddress(), "currentPassword": apptest.Password}, w.someone(asParticipant))
	}},
	"POST /api/users/me/email/verify": {action: compete.AuditLinkAsked, request: func(w *auditWorld) *http.Request {
		p := w.someone(asParticipant)
		w.exec(`UPDATE users SET verified_at = NULL WHERE id = $1`, p.ID)
		return w.api("POST", "/api/users/me/email/verify", nil, p)
	}},
	"DELETE /api/users/me/sessions": {action: compete.AuditLogoutOthers, request: func(w *auditWorld) *http.Request {
		return w.api("DELETE", "/api/users/me/sessions", nil, w.someone(asParticipant))
	}},
	"DELETE /api/users/me/sessions/{id}": {action: compete.AuditLogout, request: func(w *auditWorld) *http.Request {
		p := w.someone(asParticipant)
		return w.api("DELETE", "/api/users/me/sessions/"+p.session, nil, p)
	}},
	"POST /api/users/me/mailbox/{id}/read": {
		action: compete.AuditMessagesRead,
		request: func(w *auditWorld) *http.Request {
			id, p := w.message()
			return w.api("POST", "/api/users/me/mailbox/"+id+"/read", nil, p)
		},
	},

	"DELETE /api/users/me": {action: compete.AuditAccountErased, request: func(w *auditWorld) *http.Request {
		return w.api("DELETE", "/api/users/me", map[string]any{"password": apptest.Password}, w.someone(asParticipant))
	}},

	"POST /api/users/me/factors/app": {action: compete.AuditAppStarted, request: func(w *auditWorld) *http.Request {
		return w.api("POST", "/api/users/me/factors/app", nil, w.someone(asParticipant))
	}},
	"POST /api/users/me/factors/app/confirm": {
		action: compete.AuditAppAdded,
		request: func(w *auditWorld) *http.Request {
			p := w.someone(asParticipant)
			return w.api("POST", "/api/users/me/factors/app/confirm", map[string]any{"code": w.appCode(p)}, p)
		},
	},
	"DELETE /api/users/me/factors/app": {action: compete.AuditAppRemoved, request: func(w *auditWorld) *http.Request {
		p, _ := w.withApp()
		return w.api("DELETE", "/api/users/me/factors/app", nil, p)
	}},
	"DELETE /api/users/me/factors/passkeys/{id}": {
		action: compete.AuditPasskeyRemoved,
		request: func(w *auditWorld) *http.Request {
			id, p := w.passkey()
			return w.api("DELETE", "/api/users/me/factors/passkeys/"+id, nil, p)
		},
	},
	"POST /api/users/me/factors/recovery-codes": {
		action: compete.AuditCodesRenewed,
		request: func(w *auditWorld) *http.Request {
			p, _ := w.withApp()
			return w.api("POST", "/api/users/me/factors/recovery-codes", nil, p)
		},
	},

	// Competitions and registrations, at the API.
	"POST /api/competitions": {action: compete.AuditCompetitionCreated, request: func(w *auditWorld) *http.Request {
		return w.api("POST", "/api/competitions",
			map[string]any{"title": "A new one", "capacity": 3, "regDeadline": "2099-01-01T00:00:00Z"},
			w.someone(asOrganizer))
	}},
	"PATCH /api/competitions/{id}": {
		action: compete.AuditCompetitionUpdated,
		request: func(w *auditWorld) *http.Request {
			id, p := w.competition("PUBLISHED")
			request := w.api("PATCH", "/api/competitions/"+id, map[string]any{"title": "Another title"}, p)
			request.Header.Set("If-Match", "*")
			return request
		},
	},
	"DELETE /api/competitions/{id}": {
		action: compete.AuditCompetitionDeleted,
		request: func(w *auditWorld) *http.Request {
			id, p := w.competition("DRAFT")
			return w.api("DELETE", "/api/competitions/"+id, nil, p)
		},
	},
	"POST /api/competitions/{id}/cancel": {
		action: compete.AuditCompetitionCancelled,
		request: func(w *auditWorld) *http.Request {
			id, p := w.competition("PUBLISHED")
			return w.api("POST", "/api/competitions/"+id+"/cancel", nil, p)
		},
	},
	"POST /api/competitions/{id}/unpublish": {
		action: compete.AuditCompetitionUnpublished,
		request: func(w *auditWorld) *http.Request {
			id, _ := w.competition("PUBLISHED")
			return w.api("POST", "/api/competitions/"+id+"/unpublish", nil, w.someone(asAdmin))
		},
	},
	"POST /api/competitions/{id}/transfer": {
		action: compete.AuditCompetitionTransferred,
		request: func(w *auditWorld) *http.Request {
			id, _ := w.competition("PUBLISHED")
			return w.api("POST", "/api/competitions/"+id+"/transfer",
				map[string]any{"organizerId": w.someone(asOrganizer).ID}, w.someone(asAdmin))
		},
	},
	"PUT /api/competitions/{id}/cover": {action: compete.AuditCoverSet, request: func(w *auditWorld) *http.Request {
		return w.coverOf(w.competition("PUBLISHED"))
	}},
	"DELETE /api/competitions/{id}/cover": {
		action: compete.AuditCoverRemoved,
		request: func(w *auditWorld) *http.Request {
			id, p := w.withCover()
			return w.api("DELETE", "/api/competitions/"+id+"/cover", nil, p)
		},
	},
	"POST /api/competitions/{id}/register": {
		action: compete.AuditRegistered,
		request: func(w *auditWorld) *http.Request {
			id, _ := w.competition("PUBLISHED")
			return w.api("POST", "/api/competitions/"+id+"/register", nil, w.someone(asParticipant))
		},
	},
	"PUT /api/competitions/{id}/preparation": {
		action: compete.AuditPrepared,
		request: func(w *auditWorld) *http.Request {
			id, _ := w.competition("PUBLISHED")
			return w.api("PUT", "/api/competitions/"+id+"/preparation", map[string]any{}, w.someone(asParticipant))
		},
	},
	"DELETE /api/competitions/{id}/preparation": {
		action: compete.AuditUnprepared,
		request: func(w *auditWorld) *http.Request {
			id, p := w.prepared()
			return w.api("DELETE", "/api/competitions/"+id+"/preparation", nil, p)
		},
	},
	"POST /api/competitions/{id}/registrations": {
		action: compete.AuditAdded,
		request: func(w *auditWorld) *http.Request {
			id, p := w.competition("PUBLISHED")
			return w.api("POST", "/api/competitions/"+id+"/registrations",
				map[string]any{"email": w.someone(asParticipant).Email}, p)
		},
	},
	"PATCH /api/registrations/{id}": {action: compete.AuditMoved, request: func(w *auditWorld) *http.Request {
		id, _, other, p := w.inDivision()
		return w.api("PATCH", "/api/registrations/"+id, map[string]any{"divisionId": other}, p)
	}},
	"PATCH /api/teams/{id}": {action: compete.AuditTeamRenamed, request: func(w *auditWorld) *http.Request {
		team, _, captain := w.team()
		return w.api("PATCH", "/api/teams/"+team, map[string]any{"name": "Renamed"}, captain)
	}},
	"POST /api/teams/{id}/code": {action: compete.AuditTeamCode, request: func(w *auditWorld) *http.Request {
		team, _, captain := w.team()
		return w.api("POST", "/api/teams/"+team+"/code", nil, captain)
	}},
	"POST /api/teams/{id}/captain": {action: compete.AuditTeamHandedOver, request: func(w *auditWorld) *http.Request {
		team, member, captain := w.team()
		return w.api("POST", "/api/teams/"+team+"/captain", map[string]any{"userId": member.ID}, captain)
	}},
	"POST /api/teams/{id}/invitations": {action: compete.AuditTeamInvited, request: func(w *auditWorld) *http.Request {
		team, _, registration, _, captain := w.teamed()
		w.exec(`UPDATE registrations SET team_id = NULL, looking = $2 WHERE id = $1`, registration, true)
		return w.api("POST", "/api/teams/"+team+"/invitations", map[string]any{"registrationId": registration}, captain)
	}},
	"DELETE /api/teams/{id}/members/{userId}": {
		action: compete.AuditTeamChanged,
		request: func(w *auditWorld) *http.Request {
			team, member, captain := w.team()
			return w.api("DELETE", "/api/teams/"+team+"/members/"+member.ID, nil, captain)
		},
	},
	"DELETE /api/registrations/{id}": {action: compete.AuditCancelled, request: func(w *auditWorld) *http.Request {
		id, _, _, p := w.registration()
		return w.api("DELETE", "/api/registrations/"+id, nil, p)
	}},
	"POST /api/registrations/{id}/accept": {action: compete.AuditAccepted, request: func(w *auditWorld) *http.Request {
		id, _, p := w.offered()
		return w.api("POST", "/api/registrations/"+id+"/accept", nil, p)
	}},
	"POST /api/registrations/{id}/decline": {action: compete.AuditDeclined, request: func(w *auditWorld) *http.Request {
		id, _, p := w.offered()
		return w.api("POST", "/api/registrations/"+id+"/decline", nil, p)
	}},
	"POST /api/competitions/{id}/decisions": {
		action: compete.AuditDrafted,
		request: func(w *auditWorld) *http.Request {
			id, competition, organizer := w.application()
			return w.api("POST", "/api/competitions/"+competition+"/decisions", decisionsAbout(id), organizer)
		},
	},
	"POST /api/registrations/{id}/reviews": {
		action: compete.AuditReviewed,
		request: func(w *auditWorld) *http.Request {
			id, _, organizer := w.application()
			return w.api("POST", "/api/registrations/"+id+"/reviews", map[string]any{"score": 4}, organizer)
		},
	},
	"DELETE /api/registrations/{id}/reviews": {
		action: compete.AuditReviewDeleted,
		request: func(w *auditWorld) *http.Request {
			id, _, organizer := w.application()
			w.do(w.api("POST", "/api/registrations/"+id+"/reviews", map[string]any{"score": 4}, organizer), nil)
			return w.api("DELETE", "/api/registrations/"+id+"/reviews", nil, organizer)
		},
	},
	"POST /api/competitions/{id}/decisions/release": {
		action: compete.AuditReleased,
		request: func(w *auditWorld) *http.Request {
			id, competition, organizer := w.application()
			w.do(w.api("POST", "/api/competitions/"+competition+"/decisions", decisionsAbout(id), organizer), nil)
			return w.api("POST", "/api/competitions/"+competition+"/decisions/release", nil, organizer)
		},
	},
	"PUT /api/competitions/{id}/draw": {action: compete.AuditDrawSource, request: func(w *auditWorld) *http.Request {
		competition, _, organizer := w.lottery()
		return w.api("PUT", "/api/competitions/"+competition+"/draw", map[string]any{"source": "QUICKNET"}, organizer)
	}},
	"PUT /api/competitions/{id}/draw/tickets": {
		action: compete.AuditDrawTickets,
		request: func(w *auditWorld) *http.Request {
			competition, p, organizer := w.lottery()
			items := []map[string]any{{"email": p.Email, "tickets": 3}}
			return w.api("PUT", "/api/competitions/"+competition+"/draw/tickets", map[string]any{"items": items},
				organizer)
		},
	},
	"POST /api/competitions/{id}/draw/value": {
		action: compete.AuditRandomness,
		request: func(w *auditWorld) *http.Request {
			competition, organizer := w.frozen()
			return w.api("POST", "/api/competitions/"+competition+"/draw/value", map[string]any{"value": "3 14"},
				organizer)
		},
	},
	"DELETE /api/registrations/{id}/block": {
		action: compete.AuditUnblocked,
		request: func(w *auditWorld) *http.Request {
			id, _, p := w.blocked()
			return w.api("DELETE", "/api/registrations/"+id+"/block", nil, p)
		},
	},

	// Admins, at the API.
	"PATCH /api/admin/users/{id}": {action: compete.AuditAccountRole, request: func(w *auditWorld) *http.Request {
		return w.api("PATCH", "/api/admin/users/"+w.someone(asParticipant).ID, map[string]any{"role": "ORGANIZER"},
			w.someone(asAdmin))
	}},
	"DELETE /api/admin/users/{id}/factors": {
		action: compete.AuditFactorsReset,
		request: func(w *auditWorld) *http.Request {
			p, _ := w.withApp()
			return w.api("DELETE", "/api/admin/users/"+p.ID+"/factors", nil, w.someone(asAdmin))
		},
	},
	"POST /api/admin/users/{id}/end-sessions": {
		action: compete.AuditAllEnded,
		request: func(w *auditWorld) *http.Request {
			return w.api("POST", "/api/admin/users/"+w.someone(asParticipant).ID+"/end-sessions", nil,
				w.someone(asAdmin))
		},
	},
	"POST /api/competitions/{id}/reports": {action: compete.AuditReported, request: func(w *auditWorld) *http.Request {
		id, _ := w.competition("PUBLISHED")
		return w.api("POST", "/api/competitions/"+id+"/reports", map[string]any{"reason": "SPAM"})
	}},
	"PATCH /api/admin/reports/{id}": {action: compete.AuditReportAnswered, request: func(w *auditWorld) *http.Request {
		report, _ := w.report()
		return w.api("PATCH", "/api/admin/reports/"+report, map[string]any{"status": "RESOLVED"}, w.someone(asAdmin))
	}},
	"DELETE /api/admin/users/{id}": {action: compete.AuditAccountErased, request: func(w *auditWorld) *http.Request {
		return w.api("DELETE", "/api/admin/users/"+w.someone(asParticipant).ID, nil, w.someone(asAdmin))
	}},
	"POST /api/admin/failed-jobs/{id}/retry": {
		action: compete.AuditJobRetried,
		request: func(w *auditWorld) *http.Request {
			return w.api("POST", "/api/admin/failed-jobs/"+w.failedJob()+"/retry", nil, w.someone(asAdmin))
		},
	},
	"POST /api/admin/organizer-requests/{id}/approve": {
		action: compete.AuditOrganizerYes,
		request: func(w *auditWorld) *http.Request {
			return w.api("POST", "/api/admin/organizer-requests/"+w.organizerRequest()+"/approve", nil,
				w.someone(asAdmin))
		},
	},
	"POST /api/admin/organizer-requests/{id}/decline": {
		action: compete.AuditOrganizerNo,
		request: func(w *auditWorld) *http.Request {
			return w.api("POST", "/api/admin/organizer-requests/"+w.organizerRequest()+"/decline", nil,
				w.someone(asAdmin))
		},
	},

	// Pages that change nothing that is kept.
	"POST /theme":                          {none: "a cookie of the visitor's"},
	"POST /competitions/create/preview":    {none: "shows what was typed"},
	"POST /competitions/{id}/edit/preview": {none: "shows what was typed"},

	// Accounts, on the pages.
	"POST /auth/login": {action: compete.AuditLogin, request: func(w *auditWorld) *http.Request {
		return w.page("/auth/login", []string{"email", w.someone(asParticipant).Email, "password", apptest.Password})
	}},
	"POST /auth/signup": {action: compete.AuditAccountCreated, request: func(w *auditWorld) *http.Request {
		return w.page("/auth/signup", []string{
			"name", "New", "email", newAddress(), "password", newPassword,
			"role", "PARTICIPANT",
		})
	}},
	"POST /auth/logout": {action: compete.AuditLogout, request: func(w *auditWorld) *http.Request {
		return w.page("/auth/logout", nil, w.someone(asParticipant))
	}},
	"POST /auth/forgot": {action: compete.AuditLinkAsked, request: func(w *auditWorld) *http.Request {
		return w.page("/auth/forgot", []string{"email", newAddress()})
	}},
	"POST /auth/reset": {action: compete.AuditAccountReset, request: func(w *auditWorld) *http.Request {
		p := w.someone(asParticipant)
		return w.page("/auth/reset", []string{"token", w.link(p, compete.LinkReset, p.Email), "password", newPassword})
	}},
	"POST /auth/confirm": {action: compete.AuditAccountVerified, request: func(w *auditWorld) *http.Request {
		p := w.someone(asParticipant)
		return w.page("/auth/confirm", []string{"token", w.link(p, compete.LinkVerify, p.Email)}, p)
	}},
	"POST /auth/verify": {action: compete.AuditLinkAsked, request: func(w *auditWorld) *http.Request {
		p := w.someone(asParticipant)
		w.exec(`UPDATE users SET verified_at = NULL WHERE id = $1`, p.ID)
		return w.page("/auth/verify", nil, p)
	}},
	"POST /unsubscribe": {action: compete.AuditAccountReminders, request: func(w *auditWorld) *http.Request {
		token := w.unsubscribe(w.someone(asParticipant))
		return w.page("/unsubscribe?token="+token, nil)
	}},
	"POST /account": {action: compete.AuditAccountRenamed, request: func(w *auditWorld) *http.Request {
		return w.page("/account", []string{"name", "Renamed"}, w.someone(asParticipant))
	}},
	"POST /account/email": {action: compete.AuditLinkAsked, request: func(w *auditWorld) *http.Request {
		return w.page("/account/email", []string{"email", newAddress(), "currentPassword", apptest.Password},
			w.someone(asParticipant))
	}},
	"POST /account/reminders": {action: compete.AuditAccountReminders, request: func(w *auditWorld) *http.Request {
		return w.page("/account/reminders", nil, w.someone(asParticipant))
	}},
	"POST /account/time-zone": {action: compete.AuditAccountTimeZone, request: func(w *auditWorld) *http.Request {
		return w.page("/account/time-zone", []string{"timeZone", "Asia/Tokyo"}, w.someone(asParticipant))
	}},
	"POST /account/password": {action: compete.AuditAccountPassword, request: func(w *auditWorld) *http.Request {
		return w.page("/account/password", []string{"password", newPassword, "currentPassword", apptest.Password},
			w.someone(asParticipant))
	}},
	"POST /account/sessions/end": {action: compete.AuditLogoutOthers, request: func(w *auditWorld) *http.Request {
		return w.page("/account/sessions/end", nil, w.someone(asParticipant))
	}},
	"POST /account/sessions/{session}/end": {action: compete.AuditLogout, request: func(w *auditWorld) *http.Request {
		p := w.someone(asParticipant)
		return w.page("/account/sessions/"+p.session+"/end", nil, p)
	}},
	"POST /mailbox/read-all": {action: compete.AuditMessagesRead, request: func(w *auditWorld) *http.Request {
		_, p := w.message()
		return w.page("/mailbox/read-all", nil, p)
	}},

	"POST /account/delete": {action: compete.AuditAccountErased, request: func(w *auditWorld) *http.Request {
		return w.page("/account/delete", []string{"password", apptest.Password}, w.someone(asParticipant))
	}},

	"POST /auth/login/passkey": {none: "takes a passkey: its login is recorded with the session, as every other"},
	"POST /auth/login/second": {action: compete.AuditCodeUsed, request: func(w *auditWorld) *http.Request {
		p, codes := w.withApp()
		return w.page("/auth/login/second",
			[]string{"auth-login", w.app.Services().Logins.PendingLogin(p.User), "auth-code", codes[0]})
	}},
	"POST /auth/again": {action: compete.AuditLogin, request: func(w *auditWorld) *http.Request {
		return w.page("/auth/again", []string{"auth-password", apptest.Password}, w.someone(asParticipant))
	}},
	"POST /account/security/app": {action: compete.AuditAppStarted, request: func(w *auditWorld) *http.Request {
		return w.page("/account/security/app", nil, w.someone(asParticipant))
	}},
	"POST /account/security/app/confirm": {action: compete.AuditAppAdded, request: func(w *auditWorld) *http.Request {
		p := w.someone(asParticipant)
		return w.page("/account/security/app/confirm", []string{"code", w.appCode(p)}, p)
	}},
	"POST /account/security/app/remove": {action: compete.AuditAppRemoved, request: func(w *auditWorld) *http.Request {
		p, _ := w.withApp()
		return w.page("/account/security/app/remove", nil, p)
	}},
	"POST /account/security/codes": {action: compete.AuditCodesRenewed, request: func(w *auditWorld) *http.Request {
		p, _ := w.withApp()
		return w.page("/account/security/codes", nil, p)
	}},
	"POST /account/security/passkeys": {none: "takes a passkey: store.TestFactors looks at its record"},
	"POST /account/security/passkeys/{passkey}/rename": {
		action: compete.AuditPasskeyRenamed,
		request: func(w *auditWorld) *http.Request {
			id, p := w.passkey()
			return w.page("/account/security/passkeys/"+id+"/rename", []string{"name", "Another name"}, p)
		},
	},
	"POST /account/security/passkeys/{passkey}/remove": {
		action: compete.AuditPasskeyRemoved,
		request: func(w *auditWorld) *http.Request {
			id, p := w.passkey()
			return w.page("/account/security/passkeys/"+id+"/remove", nil, p)
		},
	},

	// Competitions and registrations, on the pages.
	"POST /competitions/create": {action: compete.AuditCompetitionCreated, request: func(w *auditWorld) *http.Request {
		return w.page("/competitions/create?key="+newAddress(), competitionForm("DRAFT"), w.someone(asOrganizer))
	}},
	"POST /competitions/{id}/edit": {
		action: compete.AuditCompetitionUpdated,
		request: func(w *auditWorld) *http.Request {
			id, p := w.competition("DRAFT")
			return w.page("/competitions/"+id+"/edit", append(competitionForm("DRAFT"), "version", "1"), p)
		},
	},
	"POST /competitions/{id}/publish": {
		action: compete.AuditCompetitionPublished,
		request: func(w *auditWorld) *http.Request {
			id, p := w.competition("DRAFT")
			return w.page("/competitions/"+id+"/publish", []string{"version", "1"}, p)
		},
	},
	"POST /competitions/{id}/close": {
		action: compete.AuditCompetitionUpdated,
		request: func(w *auditWorld) *http.Request {
			id, p := w.competition("PUBLISHED")
			return w.page("/competitions/"+id+"/close", nil, p)
		},
	},
	"POST /competitions/{id}/cancel": {
		action: compete.AuditCompetitionCancelled,
		request: func(w *auditWorld) *http.Request {
			id, p := w.competition("PUBLISHED")
			return w.page("/competitions/"+id+"/cancel", nil, p)
		},
	},
	"POST /competitions/{id}/unpublish": {
		action: compete.AuditCompetitionUnpublished,
		request: func(w *auditWorld) *http.Request {
			id, _ := w.competition("PUBLISHED")
			return w.page("/competitions/"+id+"/unpublish", nil, w.someone(asAdmin))
		},
	},
	"POST /competitions/{id}/transfer": {
		action: compete.AuditCompetitionTransferred,
		request: func(w *auditWorld) *http.Request {
			id, _ := w.competition("PUBLISHED")
			return w.page("/competitions/"+id+"/transfer", []string{"email", w.someone(asOrganizer).Email},
				w.someone(asAdmin))
		},
	},
	"POST /competitions/{id}/delete": {
		action: compete.AuditCompetitionDeleted,
		request: func(w *auditWorld) *http.Request {
			id, p := w.competition("DRAFT")
			return w.page("/competitions/"+id+"/delete", nil, p)
		},
	},
	"POST /competitions/{id}/cover": {action: compete.AuditCoverSet, request: func(w *auditWorld) *http.Request {
		id, p := w.competition("PUBLISHED")
		return w.coverForm("/competitions/"+id+"/cover", p)
	}},
	"POST /competitions/{id}/cover/remove": {
		action: compete.AuditCoverRemoved,
		request: func(w *auditWorld) *http.Request {
			id, p := w.withCover()
			return w.page("/competitions/"+id+"/cover/remove", nil, p)
		},
	},
	"POST /competitions/{id}/register": {action: compete.AuditRegistered, request: func(w *auditWorld) *http.Request {
		id, _ := w.competition("PUBLISHED")
		return w.page("/competitions/"+id+"/register", []string{"key", newAddress()}, w.someone(asParticipant))
	}},
	"POST /competitions/{id}/prepare": {action: compete.AuditPrepared, request: func(w *auditWorld) *http.Request {
		id, _ := w.competition("PUBLISHED")
		return w.page("/competitions/"+id+"/prepare", nil, w.someone(asParticipant))
	}},
	"POST /competitions/{id}/answers": {action: compete.AuditAnswered, request: func(w *auditWorld) *http.Request {
		_, id, _, p := w.asked()
		return w.page("/competitions/"+id+"/answers", []string{"answers", "given", "answers.size", "M"}, p)
	}},
	"POST /competitions/{id}/registrations": {action: compete.AuditAdded, request: func(w *auditWorld) *http.Request {
		id, p := w.competition("PUBLISHED")
		return w.page("/competitions/"+id+"/registrations",
			[]string{"key", newAddress(), "email", w.someone(asParticipant).Email}, p)
	}},
	"POST /competitions/{id}/division": {action: compete.AuditMoved, request: func(w *auditWorld) *http.Request {
		_, id, other, p := w.inDivision()
		return w.page("/competitions/"+id+"/division", []string{"divisionId", other}, p)
	}},
	"POST /competitions/{id}/team": {action: compete.AuditTeamChanged, request: func(w *auditWorld) *http.Request {
		_, id, _, member, _ := w.teamed()
		return w.page("/competitions/"+id+"/team", []string{"team", "new", "team.name", "Blue"}, member)
	}},
	"POST /competitions/{id}/team/looking": {
		action: compete.AuditTeamLooking,
		request: func(w *auditWorld) *http.Request {
			_, id, _, _, _ := w.teamed()
			alone := w.someone(asParticipant)
			w.do(w.api("POST", "/api/competitions/"+id+"/register", nil, alone), new(any))
			return w.page("/competitions/"+id+"/team/looking", []string{"looking", "true"}, alone)
		},
	},
	"POST /competitions/{id}/registrations/{registration}": {
		action: compete.AuditAnswered,
		request: func(w *auditWorld) *http.Request {
			registration, id, organizer, _ := w.asked()
			return w.page("/competitions/"+id+"/registrations/"+registration,
				[]string{"answers", "given", "answers.size", "M"}, organizer)
		},
	},
	"POST /competitions/{id}/registrations/{registration}/division": {
		action: compete.AuditMoved,
		request: func(w *auditWorld) *http.Request {
			registration, id, other, _ := w.inDivision()
			return w.page("/competitions/"+id+"/registrations/"+registration+"/division",
				[]string{"divisionId", other}, w.someone(asAdmin))
		},
	},
	"POST /competitions/{id}/registrations/{registration}/team": {
		action: compete.AuditTeamChanged,
		request: func(w *auditWorld) *http.Request {
			_, id, registration, _, _ := w.teamed()
			return w.page("/competitions/"+id+"/registrations/"+registration+"/team", nil, w.someone(asAdmin))
		},
	},
	"POST /teams/{team}/name": {action: compete.AuditTeamRenamed, request: func(w *auditWorld) *http.Request {
		team, _, captain := w.team()
		return w.page("/teams/"+team+"/name", []string{"team.name", "Renamed"}, captain)
	}},
	"POST /teams/{team}/code": {action: compete.AuditTeamCode, request: func(w *auditWorld) *http.Request {
		team, _, captain := w.team()
		return w.page("/teams/"+team+"/code", nil, captain)
	}},
	"POST /teams/{team}/board": {action: compete.AuditTeamInvited, request: func(w *auditWorld) *http.Request {
		team, _, registration, _, captain := w.teamed()
		w.exec(`UPDATE registrations SET team_id = NULL, looking = $2 WHERE id = $1`, registration, true)
		return w.page("/teams/"+team+"/board", []string{"registrationId", registration}, captain)
	}},
	"POST /teams/{team}/leave": {action: compete.AuditTeamChanged, request: func(w *auditWorld) *http.Request {
		team, member, _ := w.team()
		return w.page("/teams/"+team+"/leave", nil, member)
	}},
	"POST /teams/{team}/members/{user}/captain": {
		action: compete.AuditTeamHandedOver,
		request: func(w *auditWorld) *http.Request {
			team, member, captain := w.team()
			return w.page("/teams/"+team+"/members/"+member.ID+"/captain", nil, captain)
		},
	},
	"POST /teams/{team}/members/{user}/remove": {
		action: compete.AuditTeamChanged,
		request: func(w *auditWorld) *http.Request {
			team, member, captain := w.team()
			return w.page("/teams/"+team+"/members/"+member.ID+"/remove", nil, captain)
		},
	},
	"POST /competitions/{id}/withdraw": {action: compete.AuditCancelled, request: func(w *auditWorld) *http.Request {
		_, id, _, p := w.registration()
		return w.page("/competitions/"+id+"/withdraw", nil, p)
	}},
	"POST /competitions/{id}/applications": {action: compete.AuditDrafted, request: func(w *auditWorld) *http.Request {
		id, competition, organizer := w.application()
		return w.page("/competitions/"+competition+"/applications", []string{"id", id, "decision", "ADMIT"}, organizer)
	}},
	"POST /competitions/{id}/applications/{registration}": {
		action: compete.AuditReviewed,
		request: func(w *auditWorld) *http.Request {
			id, competition, organizer := w.application()
			return w.page("/competitions/"+competition+"/applications/"+id, []string{"score", "4"}, organizer)
		},
	},
	"POST /competitions/{id}/applications/release": {
		action: compete.AuditReleased,
		request: func(w *auditWorld) *http.Request {
			id, competition, organizer := w.application()
			w.do(w.api("POST", "/api/competitions/"+competition+"/decisions", decisionsAbout(id), organizer), nil)
			return w.page("/competitions/"+competition+"/applications/release", nil, organizer)
		},
	},
	"POST /competitions/{id}/draw/source": {
		action: compete.AuditDrawSource,
		request: func(w *auditWorld) *http.Request {
			competition, _, organizer := w.lottery()
			return w.page("/competitions/"+competition+"/draw/source", []string{"source", "QUICKNET"}, organizer)
		},
	},
	"POST /competitions/{id}/draw/tickets": {
		action: compete.AuditDrawTickets,
		request: func(w *auditWorld) *http.Request {
			competition, p, organizer := w.lottery()
			return w.page("/competitions/"+competition+"/draw/tickets", []string{"tickets", p.Email + ",3"}, organizer)
		},
	},
	"POST /competitions/{id}/draw/value": {action: compete.AuditRandomness, request: func(w *auditWorld) *http.Request {
		competition, organizer := w.frozen()
		return w.page("/competitions/"+competition+"/draw/value",
			[]string{"value", "3 14", "confirmed", "yes"}, organizer)
	}},
	"POST /competitions/{id}/accept": {action: compete.AuditAccepted, request: func(w *auditWorld) *http.Request {
		_, id, p := w.offered()
		return w.page("/competitions/"+id+"/accept", nil, p)
	}},
	"POST /competitions/{id}/decline": {action: compete.AuditDeclined, request: func(w *auditWorld) *http.Request {
		_, id, p := w.offered()
		return w.page("/competitions/"+id+"/decline", nil, p)
	}},
	"POST /competitions/{id}/registrations/{registration}/remove": {
		action: compete.AuditRemoved,
		request: func(w *auditWorld) *http.Request {
			registration, id, p, _ := w.registration()
			return w.page("/competitions/"+id+"/registrations/"+registration+"/remove", []string{"notify", "on"}, p)
		},
	},
	"POST /competitions/{id}/registrations/{registration}/unblock": {
		action: compete.AuditUnblocked,
		request: func(w *auditWorld) *http.Request {
			registration, id, p := w.blocked()
			return w.page("/competitions/"+id+"/registrations/"+registration+"/unblock", nil, p)
		},
	},

	// The site and its admins, on the pages.
	"POST " + web.SetupPath: {action: compete.AuditSiteSetUp, request: func(w *auditWorld) *http.Request {
		return w.page(web.SetupPath, []string{
			"token", w.setupToken(), "name", "Admin", "email", newAddress(),
			"password", newPassword, "SITE_NAME", "Ours",
		})
	}},
	"POST " + web.SetupPath + "/test-email": {
		action: compete.AuditSiteChanged,
		request: func(w *auditWorld) *http.Request {
			return w.page(web.SetupPath+"/test-email", []string{"token", w.setupToken(), "email", newAddress()})
		},
	},
	"POST /admin/site": {action: compete.AuditSiteChanged, request: func(w *auditWorld) *http.Request {
		return w.page("/admin/site", []string{"SITE_NAME", "Another name"}, w.someone(asAdmin))
	}},
	"POST /admin/site/test-email": {action: compete.AuditSiteChanged, request: func(w *auditWorld) *http.Request {
		w.exec(`DELETE FROM site_settings WHERE name = $1`, compete.NoteTestMail)
		return w.page("/admin/site/test-email", nil, w.someone(asAdmin))
	}},
	"POST /admin/checklist": {action: compete.AuditSiteChanged, request: func(w *auditWorld) *http.Request {
		return w.page("/admin/checklist", []string{"done", "backups"}, w.someone(asAdmin))
	}},
	"POST /admin/organizer-requests/{request}": {
		action: compete.AuditOrganizerYes,
		request: func(w *auditWorld) *http.Request {
			return w.page("/admin/organizer-requests/"+w.organizerRequest(), []string{"answer", "approve"},
				w.someone(asAdmin))
		},
	},
	"POST /admin/users/{user}": {action: compete.AuditAccountDisabled, request: func(w *auditWorld) *http.Request {
		return w.page("/admin/users/"+w.someone(asParticipant).ID, []string{"role", "PARTICIPANT", "disabled", "on"},
			w.someone(asAdmin))
	}},
	"POST /admin/users/{user}/reset-factors": {
		action: compete.AuditFactorsReset,
		request: func(w *auditWorld) *http.Request {
			p, _ := w.withApp()
			return w.page("/admin/users/"+p.ID+"/reset-factors", nil, w.someone(asAdmin))
		},
	},
	"POST /admin/users/{user}/end-sessions": {
		action: compete.AuditAllEnded,
		request: func(w *auditWorld) *http.Request {
			return w.page("/admin/users/"+w.someone(asParticipant).ID+"/end-sessions", nil, w.someone(asAdmin))
		},
	},
	"POST /competitions/{id}/report": {action: compete.AuditReported, request: func(w *auditWorld) *http.Request {
		id, _ := w.competition("PUBLISHED")
		return w.page("/competitions/"+id+"/report", []string{"reason", "SPAM", "details", "An advertisement"},
			w.someone(asParticipant))
	}},
	"POST /admin/reports/{id}": {action: compete.AuditReportAnswered, request: func(w *auditWorld) *http.Request {
		report, id := w.report()
		return w.page("/admin/reports/"+id, []string{"report", report, "answer", "RESOLVED"}, w.someone(asAdmin))
	}},
	"POST /admin/users/{user}/delete": {action: compete.AuditAccountErased, request: func(w *auditWorld) *http.Request {
		return w.page("/admin/users/"+w.someone(asParticipant).ID+"/delete", nil, w.someone(asAdmin))
	}},
	"POST /admin/dead-letters/{letter}/retry": {
		action: compete.AuditJobRetried,
		request: func(w *auditWorld) *http.Request {
			return w.page("/admin/dead-letters/"+w.failedJob()+"/retry", nil, w.someone(asAdmin))
		},
	},
}
