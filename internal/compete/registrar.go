package compete

import "context"

// Registrar is the one part of the program that gives or takes seats. Each method waits until its effect is durable.
// Beside the errors named, each returns ErrBusy, ErrStopping or ErrDatabase when it could not be tried.
type Registrar interface {
	// Register gives a seat or a place on the waitlist. Errors: those of Competition.Admit and CheckAccess,
	// ErrCompetitionMissing, ErrAlreadyRegistered, ErrIdempotencyKeyReused, ErrOwnCompetition, ErrBlocked;
	// ErrEmailUnverified (see RegisterCommand.Unverified); ErrUnauthorized when the user does not exist.
	Register(ctx context.Context, c RegisterCommand) (RegistrationOutcome, error)
	// Add registers somebody else for a competition that the actor manages. Errors: those of
	// Competition.CheckRegistrant and AdmitAdded, ErrCompetitionMissing, ErrForbidden, ErrAlreadyRegistered,
	// ErrIdempotencyKeyReused; ErrEmailTaken if the account to create has the address of another one.
	Add(ctx context.Context, c AddCommand) (RegistrationOutcome, error)
	// Cancel takes a registration back, and gives a freed seat to the head of the waitlist; one that is cancelled
	// already stays so. Errors: ErrRegistrationGone (also when it is not the actor's business), ErrCompetitionStarted.
	Cancel(ctx context.Context, c CancelCommand) (RegistrationOutcome, error)
	// Move gives a registration a new place in line in another division, as if it registered there now, and its old
	// seat to whoever it goes to. One that is in the division already stays as it is. Errors: those of
	// Registration.CheckMove, ErrDivisionFull, ErrCompetitionFull.
	Move(ctx context.Context, c MoveCommand) (RegistrationOutcome, error)
	// ChangeTeam takes a registration out of its team, into another team, or into one that it creates. Where seats are
	// for teams, it gets the team's status. Errors: those of Registration.CheckTeamChange and Competition.CheckJoin, or
	// CheckPlace for staff, Invalid, ErrCaptainMustHandOver, ErrTeamMissing, ErrTeamNameTaken, ErrTeamDivision,
	// ErrTeamRequired, ErrForbidden.
	ChangeTeam(ctx context.Context, c ChangeTeamCommand) (RegistrationOutcome, error)
	// RemoveMember takes a member out of a team: for its captain until the start, and staff. Where seats are for teams,
	// this cancels the registration; else they keep it. Errors: those of Team.CheckCaptain, ErrTeamMemberMissing,
	// ErrCaptainMustHandOver for the captain, ErrCompetitionStarted.
	RemoveMember(ctx context.Context, c MemberCommand) (RegistrationOutcome, error)
	// HandOver makes another member the captain, with the team's seat or place in line. Errors: those of
	// Team.CheckCaptain, ErrTeamMemberMissing.
	HandOver(ctx context.Context, c MemberCommand) (Team, error)
	// RenewCode gives a team another code, for its captain and staff. Errors: those of Team.CheckCaptain.
	RenewCode(ctx context.Context, c TeamCommand) (Team, error)
	// RenameTeam gives a team another name, for its captain and staff. Errors: those of Team.CheckRename,
	// ErrTeamNameTaken.
	RenameTeam(ctx context.Context, c RenameTeamCommand) (Team, error)
	// DropIncomplete cancels the registrations in teams with too few members, and those without a team, ArrivalGrace
	// after the deadline of a competition with this rule. Their seats pass on when all of them are cancelled.
	DropIncomplete(ctx context.Context, competitionID string) error
	// AnswerOffer accepts an offer, or declines it and passes the seat on; one that has been answered this way stays
	// so. Errors: those of Registration.CheckOffer.
	AnswerOffer(ctx context.Context, c AnswerOfferCommand) (RegistrationOutcome, error)
	// ExpireOffers cancels those among the registrations that are offers whose time is over, passes their seats on, and
	// returns how many there were. It leaves all others alone.
	ExpireOffers(ctx context.Context, registrationIDs []string) (expired int, err error)
	// Edit changes answers of a registration, and returns all of them as they are then. Errors: those of
	// Registration.CheckEdit and Questions.Take.
	Edit(ctx context.Context, c EditCommand) (EditOutcome, error)
	// Change changes the answers, the division and the team of a registration, as Edit, Move and ChangeTeam do, all
	// parts or none. It returns all answers if some change. Errors: those of these three.
	Change(ctx context.Context, c ChangeCommand) (EditOutcome, error)
	// Unblock lets somebody who was removed and blocked register again. It changes nothing for somebody who isn't.
	// Errors: ErrRegistrationGone (also when the actor doesn't manage the competition).
	Unblock(ctx context.Context, c UnblockCommand) (Registration, error)
	// Update changes a competition. Errors: ErrCompetitionMissing, ErrForbidden, ErrVersionMismatch, ErrUnpublished and
	// those of Competition.Apply and KeepKinds; ErrBusy if a new question isn't known to be Unanswered, and there are
	// too many answers to read meanwhile.
	Update(ctx context.Context, c UpdateCommand) (Competition, error)
	// Transfer gives a competition another organizer. Errors: ErrCompetitionMissing, ErrForbidden,
	// ErrOrganizerRegistered.
	Transfer(ctx context.Context, c TransferCommand) (Competition, error)
	// CancelCompetition cancels a competition; its registrations follow in pages. Errors: ErrCompetitionMissing,
	// ErrForbidden.
	CancelCompetition(ctx context.Context, c CancelCompetitionCommand) (Competition, error)
	// Erase cancels registrations of a user whose account was deleted, and gives freed seats to the heads of waitlists.
	// Nobody is told. Those that were cancelled before no longer say why. Registrations of others, or that don't exist,
	// are left alone.
	Erase(ctx context.Context, c EraseCommand) error
	// Settle does one page of what a SettleJob asks for (see there), updates open pages, and reports whether there is
	// more.
	Settle(ctx context.Context, competitionID string) (more bool, err error)
	// Release does one page of the release of decisions that is under way, and reports whether there is more. Drafts
	// that find no seat remain. Once the competition has started, or is cancelled, unpublished or suspended, the
	// release ends and all remaining drafts stay.
	Release(ctx context.Context, competitionID string) (more bool, err error)
	// Draw does one page of a lottery whose order is saved, and reports whether there is more: the first get the
	// seats, the others a place on the waitlist, all with a new Seq in drawn order. Nothing happens while the
	// competition isn't published, is suspended or has started.
	Draw(ctx context.Context, competitionID string) (more bool, err error)
}

// RegisterCommand asks for a registration of the actor.
type RegisterCommand struct {
	Actor         Actor
	CompetitionID string
	Entry         Entry
	Idempotency   Idempotency
	Unverified    bool // the actor's address may not be verified, which a draw needs: ErrEmailUnverified
}

// AddCommand asks for a registration of a person by the actor.
type AddCommand struct {
	Actor         Actor
	CompetitionID string
	Person        Actor
	Account       *User // the person's, to create without a password if they are registered; nil: they have one
	Entry         Entry
	OverCapacity  bool // if no seat is free, the capacity is raised by one
	Idempotency   Idempotency
}

// CancelCommand asks to cancel a registration. What follows RegistrationID counts when the actor removes somebody
// else's.
type CancelCommand struct {
	Actor          Actor
	RegistrationID string
	Removal        Removal
	Silent         bool // the person gets no message
}

// MoveCommand asks to move a registration to another division.
type MoveCommand struct {
	Actor          Actor
	RegistrationID string
	DivisionID     string
	KeepSeat       bool // refuse rather than put somebody who holds a seat on a waitlist
}

// ChangeTeamCommand asks to change the team of a registration.
type ChangeTeamCommand struct {
	Actor          Actor
	RegistrationID string
	Change         Optional[TeamChange]
	Looking        Optional[bool] // whether captains can find and invite the person
}

// TeamChange is the team to be in. The zero value is none.
type TeamChange struct {
	TeamChoice
	ID string // for staff, who need no code
}

// TeamCommand asks for something about a team, which is in the competition.
type TeamCommand struct {
	Actor         Actor
	CompetitionID string
	TeamID        string
}

// MemberCommand asks for something about a member of a team.
type MemberCommand struct {
	TeamCommand
	UserID string
}

// AnswerOfferCommand accepts or declines the actor's offer.
type AnswerOfferCommand struct {
	Actor          Actor
	RegistrationID string
	Accept         bool // else it's declined
}

// EditCommand asks to change answers of a registration: nil removes one, and those that aren't named stay.
type EditCommand struct {
	Actor          Actor
	RegistrationID string
	Answers        Answers
}

// ChangeCommand asks to change several parts of a registration: those that are set.
type ChangeCommand struct {
	Actor          Actor
	RegistrationID string
	Answers        Optional[Answers]
	DivisionID     Optional[string]
	Team           Optional[TeamChange]
	Looking        Optional[bool]
}

// EditOutcome is an edited registration with all its answers, and the competition's Summary.
type EditOutcome struct {
	Registration Registration
	Answers      Answers
	Competition  Competition
}

// UnblockCommand asks to let somebody register again.
type UnblockCommand struct {
	Actor          Actor
	RegistrationID string
}

// EraseCommand asks to take registrations out of competitions because their user's account was deleted.
type EraseCommand struct {
	UserID          string
	RegistrationIDs []string
}

// TransferCommand asks to give a competition another organizer, whose account may organize.
type TransferCommand struct {
	Actor         Actor
	CompetitionID string
	To            Organizer
}

// UpdateCommand asks to change a competition that still has the given version; 0 means any.
type UpdateCommand struct {
	Actor         Actor
	CompetitionID string
	Version       int
	Change        CompetitionChange
	Unanswered    Unanswered
}

// Unanswered are new questions whose ids no answer has, in a version of the competition: what was read ahead, so that
// others don't wait for it. While the questions are those of that version, there can't be any such answers.
type Unanswered struct {
	Version int
	IDs     []string
}

// CancelCompetitionCommand asks to cancel a competition.
type CancelCompetitionCommand struct {
	Actor         Actor
	CompetitionID string
}
