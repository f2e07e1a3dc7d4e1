package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"minicompete/internal/compete"
)

func testLinks(t *testing.T, f *fixture) {
	t.Run("are asked for and written", func(t *testing.T) { testRequestLink(t, f) })
	t.Run("are asked for only so often", func(t *testing.T) { testLinkTooSoon(t, f) })
	t.Run("are asked for once at the same moment", func(t *testing.T) { testLinksAtOnce(t, f) })
	t.Run("can be used once, and for a while", func(t *testing.T) { testUseLinkOnce(t, f) })
	t.Run("verify an address", func(t *testing.T) { testVerifyLink(t, f) })
	t.Run("change an address", func(t *testing.T) { testChangeLink(t, f) })
	t.Run("reset a password", func(t *testing.T) { testResetLink(t, f) })
	t.Run("change an address and the password", func(t *testing.T) { testTakingLink(t, f) })
	t.Run("reminders", func(t *testing.T) { testSetReminders(t, f) })
}

// enqueued makes the store enqueue into a list.
func (f *fixture) enqueued() *[]compete.Job {
	var (
		mu   sync.Mutex
		jobs []compete.Job
	)
	f.Queued = func(more []compete.Job) ([]compete.QueuedJob, error) {
		mu.Lock()
		defer mu.Unlock()
		jobs = append(jobs, more...)
		return nil, nil
	}
	return &jobs
}

// link is one that was asked for now, and isn't stored yet.
func (f *fixture) link(purpose compete.LinkPurpose, email string) compete.Link {
	return compete.Link{ID: newID(), Purpose: purpose, Email: email, CreatedAt: f.now, ExpiresAt: f.now.Add(purpose.Life())}
}

func storedLink(l compete.Link) compete.Link {
	l.CreatedAt, l.ExpiresAt = compete.UTC(l.CreatedAt), compete.UTC(l.ExpiresAt)
	return l
}

// usable stores a link of the user's that can be used.
func (f *fixture) usable(t *testing.T, purpose compete.LinkPurpose, u compete.User, email string) compete.Link {
	t.Helper()
	l := f.link(purpose, email)
	l.UserID, l.TokenHash = u.ID, compete.HashToken(l.ID)
	must(t, f.SaveLink(t.Context(), l))
	return storedLink(l)
}

// accountMessage is one that is about no registration.
func (f *fixture) accountMessage(u compete.User, kind compete.MessageKind, linkID string) compete.Message {
	return compete.Message{ID: newID(), UserID: u.ID, Kind: kind, To: u.Email, Subject: "About " + string(kind), Body: "Text.", SentAt: f.now, LinkID: linkID}
}

func (f *fixture) wantVoid(t *testing.T, what string, l compete.Link, now time.Time) {
	t.Helper()
	_, err := f.Link(t.Context(), l.TokenHash, now)
	wantError(t, what, err, compete.ErrLinkVoid)
}

func (f *fixture) wantUsable(t *testing.T, what string, l compete.Link) {
	t.Helper()
	got, err := f.Link(t.Context(), l.TokenHash, f.now)
	must(t, err)
	want(t, what, got, l)
}

// Whether the address has an account makes no difference until the job runs.
func testRequestLink(t *testing.T, f *fixture) {
	user := f.addUser(t, compete.RoleParticipant)
	for _, email := range []string{user.Email, "nobody@example.com"} {
		jobs, l := f.enqueued(), f.link(compete.LinkReset, email)
		must(t, f.RequestLink(t.Context(), l))
		want(t, "job", *jobs, []compete.Job{compete.AccountMailJob{LinkID: l.ID, Purpose: compete.LinkReset, Email: email}})
	}
	jobs, l := f.enqueued(), f.link(compete.LinkVerify, user.Email)
	l.UserID = user.ID
	must(t, f.RequestLink(t.Context(), l))
	l.TokenHash = compete.HashToken("a token")
	f.wantVoid(t, "before it is written", l, f.now)
	message := f.accountMessage(user, compete.MessageVerifyEmail, l.ID)
	must(t, f.WriteLink(t.Context(), l, message))
	f.wantUsable(t, "written", storedLink(l))

	again := l // the job runs once more
	again.TokenHash = compete.HashToken("another token")
	must(t, f.WriteLink(t.Context(), again, f.accountMessage(user, compete.MessageVerifyEmail, l.ID)))
	f.wantUsable(t, "written again", storedLink(l))
	f.wantVoid(t, "another token", again, f.now)
	page, err := f.Messages(t.Context(), user.ID, compete.Cursor{}, 10)
	must(t, err)
	if len(page.Items) != 1 || page.Items[0].ID != message.ID {
		t.Errorf("the mailbox holds %+v, want the message of the first time", page.Items)
	}
	want(t, "jobs", *jobs, []compete.Job{
		compete.AccountMailJob{LinkID: l.ID, Purpose: compete.LinkVerify, Email: user.Email, UserID: user.ID},
		compete.MailJob{MessageID: message.ID, About: compete.MessageVerifyEmail}, // a link is mailed, or shown to a developer, in any case
	})
}

func testLinkTooSoon(t *testing.T, f *fixture) {
	start := f.now
	defer func() { f.now = start }()
	const email = "somebody@example.com" // with no account: the rule is the same
	request := func(what string, purpose compete.LinkPurpose, to string, wait time.Duration) {
		t.Helper()
		err := f.RequestLink(t.Context(), f.link(purpose, to))
		if wait == 0 {
			must(t, err)
			return
		}
		wantError(t, what, err, compete.ErrLinkTooSoon)
		want(t, what, compete.AsError(err).RetryAfter, wait)
	}
	request("the first", compete.LinkReset, email, 0)
	request("another purpose", compete.LinkChange, email, 0)
	request("another address", compete.LinkReset, "else"+email, 0)
	f.now = start.Add(compete.LinkPause - time.Second)
	request("within the pause", compete.LinkReset, email, time.Second)
	for i := 1; i < compete.LinksAnHour; i++ {
		f.now = start.Add(time.Duration(i) * compete.LinkPause)
		request("after the pause", compete.LinkReset, email, 0)
	}
	f.now = start.Add(10 * time.Minute)
	request("one too many in an hour", compete.LinkReset, email, 50*time.Minute)
	f.now = start.Add(time.Hour)
	request("an hour after the first", compete.LinkReset, email, 0)
	request("at once after that", compete.LinkReset, email, time.Minute)
}

func testLinksAtOnce(t *testing.T, f *fixture) {
	const email = "popular@example.com"
	wantOneOf(t, compete.ErrLinkTooSoon, func() error { return f.RequestLink(t.Context(), f.link(compete.LinkReset, email)) })
}

// wantOneOf does the same many times at once, and wants it to succeed once and to be refused otherwise.
func wantOneOf(t *testing.T, refusal error, f func() error) {
	t.Helper()
	const many = 8
	failures := make([]error, many)
	together(many, func(i int) { failures[i] = f() })
	done := 0
	for _, err := range failures {
		if err == nil {
			done++
		} else {
			wantError(t, "one of many", err, refusal)
		}
	}
	if done != 1 {
		t.Errorf("%d of %d at once succeeded, want 1", done, many)
	}
}

func testUseLinkOnce(t *testing.T, f *fixture) {
	user := f.addUser(t, compete.RoleParticipant)
	l := f.usable(t, compete.LinkVerify, user, user.Email)
	f.wantUsable(t, "fresh", l)
	for what, other := range map[string]compete.Link{
		"expired":          {TokenHash: l.TokenHash},
		"no hash":          {},
		"the token itself": {TokenHash: l.ID},
	} {
		now := f.now
		if what == "expired" {
			now = l.ExpiresAt
		}
		f.wantVoid(t, what, other, now)
	}
	_, err := f.UseVerifyLink(t.Context(), l, l.ExpiresAt)
	wantError(t, "used too late", err, compete.ErrLinkVoid)
	otherHash := l
	otherHash.TokenHash = compete.HashToken("guessed")
	_, err = f.UseVerifyLink(t.Context(), otherHash, f.now)
	wantError(t, "used with another hash", err, compete.ErrLinkVoid)

	wantOneOf(t, compete.ErrLinkVoid, func() error {
		_, err := f.UseVerifyLink(t.Context(), l, f.now)
		return err
	})
	f.wantVoid(t, "used", l, f.now)

	l = f.usable(t, compete.LinkReset, user, user.Email)
	disabled := user
	disabled.DisabledAt = f.agoPointer(0)
	must(t, f.UpdateUser(t.Context(), disabled))
	f.wantVoid(t, "of a disabled account", l, f.now)
}

func testVerifyLink(t *testing.T, f *fixture) {
	user := f.addUser(t, compete.RoleParticipant)
	l := f.usable(t, compete.LinkVerify, user, user.Email)
	got, err := f.UseVerifyLink(t.Context(), l, f.now)
	must(t, err)
	user.VerifiedAt = stored(&f.now)
	user.UpdatedAt = compete.UTC(f.now)
	want(t, "user", got, user)
	f.wantUser(t, user)

	// The account has another address by now: the link shows nothing about that.
	moved := f.addUser(t, compete.RoleParticipant)
	l = f.usable(t, compete.LinkVerify, moved, moved.Email)
	f.exec(t, `UPDATE users SET email = $2 WHERE id = $1`, moved.ID, "moved-"+moved.Email)
	_, err = f.UseVerifyLink(t.Context(), l, f.now)
	wantError(t, "after a change of address", err, compete.ErrLinkVoid)
}

func testChangeLink(t *testing.T, f *fixture) {
	user, owner := f.addUser(t, compete.RoleParticipant), f.addUser(t, compete.RoleParticipant)
	reset := f.usable(t, compete.LinkReset, user, user.Email)
	taken := f.usable(t, compete.LinkChange, user, owner.Email)
	_, err := f.UseChangeLink(t.Context(), taken, "", f.accountMessage(user, compete.MessageSecurity, ""), f.now)
	wantError(t, "an address in use", err, compete.ErrEmailTaken)
	f.wantUsable(t, "after a failure", taken)

	jobs := f.enqueued()
	f.Mailing = true
	defer func() { f.Mailing = false }()
	l := f.usable(t, compete.LinkChange, user, "new-"+user.Email)
	message := f.accountMessage(user, compete.MessageSecurity, "")
	got, err := f.UseChangeLink(t.Context(), l, "", message, f.now)
	must(t, err)
	user.Email, user.VerifiedAt, user.UpdatedAt = l.Email, stored(&f.now), compete.UTC(f.now)
	want(t, "user", got, user)
	for what, void := range map[string]compete.Link{"used": l, "another change": taken, "a reset to the old address": reset} {
		f.wantVoid(t, what, void, f.now)
	}
	want(t, "the old address hears of it", *jobs, []compete.Job{compete.MailJob{MessageID: message.ID, About: compete.MessageSecurity}})
}

func testResetLink(t *testing.T, f *fixture) {
	user := f.addUser(t, compete.RoleParticipant)
	f.addSession(t, user)
	l, other := f.usable(t, compete.LinkReset, user, user.Email), f.usable(t, compete.LinkReset, user, user.Email)
	other.TokenHash = compete.HashToken(other.ID)
	notice := f.accountMessage(user, compete.MessageSecurity, "")
	got, err := f.UseResetLink(t.Context(), l, "a new hash", notice, f.now)
	must(t, err)
	_, err = f.Message(t.Context(), user.ID, notice.ID)
	must(t, err)
	user.VerifiedAt, user.UpdatedAt = stored(&f.now), compete.UTC(f.now) // who read the mail has the address
	want(t, "user", got, user)
	hash, err := f.PasswordHash(t.Context(), user.ID)
	must(t, err)
	want(t, "hash", hash, "a new hash")
	f.wantLogins(t, user, nil, compete.UTC(f.now))
	f.wantVoid(t, "used", l, f.now)
	f.wantVoid(t, "another of the same", other, f.now)
	_, err = f.UseResetLink(t.Context(), l, "a third hash", compete.Message{}, f.now)
	wantError(t, "used again", err, compete.ErrLinkVoid)

	// The account has another address by now: it is not that of who reads the mails of the link's.
	moved := f.addUser(t, compete.RoleParticipant)
	l = f.usable(t, compete.LinkVerify, moved, moved.Email)
	f.exec(t, `UPDATE users SET email = $2 WHERE id = $1`, moved.ID, "moved-"+moved.Email)
	_, err = f.UseResetLink(t.Context(), l, "a hash", compete.Message{}, f.now)
	wantError(t, "after a change of address", err, compete.ErrLinkVoid)
}

// testTakingLink changes the address and the password at once.
func testTakingLink(t *testing.T, f *fixture) {
	user := f.addUser(t, compete.RoleParticipant)
	f.addSession(t, user)
	l := f.usable(t, compete.LinkChange, user, "taken-"+user.Email)
	got, err := f.UseChangeLink(t.Context(), l, "a new hash", f.accountMessage(user, compete.MessageSecurity, ""), f.now)
	must(t, err)
	user.Email, user.VerifiedAt, user.UpdatedAt = l.Email, stored(&f.now), compete.UTC(f.now)
	want(t, "user", got, user)
	hash, err := f.PasswordHash(t.Context(), user.ID)
	must(t, err)
	want(t, "hash", hash, "a new hash")
	f.wantLogins(t, user, nil, compete.UTC(f.now))
}

func testSetReminders(t *testing.T, f *fixture) {
	user := f.addUser(t, compete.RoleParticipant)
	for _, on := range []bool{false, true, true} {
		must(t, f.SetReminders(t.Context(), user.ID, on, f.now))
		user.RemindersOffAt = nil
		if !on {
			user.RemindersOffAt = stored(&f.now)
		}
		f.wantUser(t, user)
	}
	for _, id := range append([]string{newID()}, notIDs...) {
		if err := f.SetReminders(t.Context(), id, false, f.now); !errors.Is(err, compete.ErrUserMissing) {
			t.Errorf("user %q: %v, want ErrUserMissing", id, err)
		}
	}
}

func testOutgoing(t *testing.T, f *fixture) {
	organizer := f.addUser(t, compete.RoleOrganizer)
	t.Run("a job goes with each message", func(t *testing.T) { testMailJobs(t, f, organizer) })
	t.Run("what a mail needs to know", func(t *testing.T) { testOutgoingMessage(t, f, organizer) })
	t.Run("what was taken", func(t *testing.T) { testMailsTaken(t, f, organizer) })
}

func testMailJobs(t *testing.T, f *fixture, organizer compete.User) {
	c := f.addCompetition(t, organizer, nil)
	first, second := f.addRegistration(t, c.ID, compete.RegistrationConfirmed, nil), f.addRegistration(t, c.ID, compete.RegistrationConfirmed, nil)
	deliver := func(written int, messages ...compete.Message) []compete.Job {
		t.Helper()
		jobs := f.enqueued()
		f.wantDelivered(t, nil, messages, written)
		return *jobs
	}
	if jobs := deliver(1, f.message(first, compete.MessageConfirmed)); len(jobs) != 0 {
		t.Errorf("without mail there are the jobs %+v", jobs)
	}
	f.Mailing = true
	defer func() { f.Mailing = false }()
	again, other := f.message(first, compete.MessageConfirmed), f.message(second, compete.MessageConfirmed)
	other.Details = []byte(`{"title":"Spring Cup"}`)
	want(t, "jobs", deliver(1, again, other), []compete.Job{
		compete.MailJob{MessageID: other.ID, About: compete.MessageConfirmed, Details: other.Details},
	})
}

func testOutgoingMessage(t *testing.T, f *fixture, organizer compete.User) {
	r := f.addRegistration(t, f.addCompetition(t, organizer, nil).ID, compete.RegistrationConfirmed, nil)
	message := f.message(r, compete.MessageConfirmed)
	f.wantDelivered(t, nil, []compete.Message{message}, 1)
	o, err := f.Outgoing(t.Context(), message.ID)
	must(t, err)
	if o.ID != message.ID || o.To != message.To || o.Subject != message.Subject || o.Body != message.Body || o.Name != "Ada" ||
		o.DeliveredAt != nil || o.RemindersOff || o.Disabled || o.Link != nil || o.Verified {
		t.Errorf("got %+v of the message %+v", o, message)
	}
	for later, verified := range map[time.Duration]bool{-time.Second: true, time.Second: false} {
		r := f.addRegistration(t, r.CompetitionID, compete.RegistrationConfirmed, nil)
		owner, err := f.User(t.Context(), r.UserID)
		must(t, err)
		message := f.message(r, compete.MessageConfirmed)
		message.To = owner.Email
		f.wantDelivered(t, nil, []compete.Message{message}, 1)
		verifiedAt := message.SentAt.Add(later)
		l := f.link(compete.LinkVerify, owner.Email)
		l.UserID, l.TokenHash = owner.ID, compete.HashToken(l.ID)
		l.ExpiresAt = verifiedAt.Add(time.Hour)
		must(t, f.SaveLink(t.Context(), l))
		_, err = f.UseVerifyLink(t.Context(), l, verifiedAt)
		must(t, err)
		if o, err = f.Outgoing(t.Context(), message.ID); err != nil || o.Verified != verified {
			t.Errorf("written at %v, the address confirmed at %v: %+v, %v", message.SentAt, verifiedAt, o, err)
		}
	}
	must(t, f.SetReminders(t.Context(), r.UserID, false, f.now))
	if o, err = f.Outgoing(t.Context(), message.ID); err != nil || !o.RemindersOff {
		t.Errorf("of a user without reminders: %+v, %v", o, err)
	}
	f.exec(t, `UPDATE users SET disabled_at = created_at WHERE id = $1`, r.UserID)
	if o, err = f.Outgoing(t.Context(), message.ID); err != nil || !o.Disabled {
		t.Errorf("of a disabled account: %+v, %v", o, err)
	}
	for _, id := range append([]string{newID()}, notIDs...) {
		_, err := f.Outgoing(t.Context(), id)
		wantError(t, "a message that is missing", err, compete.ErrMessageMissing)
	}

	user := f.addUser(t, compete.RoleParticipant)
	l := f.link(compete.LinkVerify, user.Email)
	l.UserID = user.ID
	must(t, f.RequestLink(t.Context(), l))
	l.TokenHash = compete.HashToken(l.ID)
	carrier := f.accountMessage(user, compete.MessageVerifyEmail, l.ID)
	must(t, f.WriteLink(t.Context(), l, carrier))
	o, err = f.Outgoing(t.Context(), carrier.ID)
	must(t, err)
	l = storedLink(l)
	want(t, "link", o.Link, &l)
	if _, err := f.UseVerifyLink(t.Context(), l, f.now); err != nil {
		t.Fatal(err)
	}
	o, err = f.Outgoing(t.Context(), carrier.ID)
	must(t, err)
	if o.Link != nil {
		t.Errorf("a mail still carries the used link %+v", o.Link)
	}
}

func testMailsTaken(t *testing.T, f *fixture, organizer compete.User) {
	c := f.addCompetition(t, organizer, nil)
	var messages []compete.Message
	for range 3 {
		messages = append(messages, f.message(f.addRegistration(t, c.ID, compete.RegistrationConfirmed, nil), compete.MessageConfirmed))
	}
	f.wantDelivered(t, nil, messages, 3)
	must(t, f.MailsTaken(t.Context(), []string{messages[0].ID, messages[1].ID, newID(), "nonsense"}, f.now))
	must(t, f.MailsTaken(t.Context(), []string{messages[1].ID}, f.now.Add(time.Hour)))
	must(t, f.MailsTaken(t.Context(), nil, f.now))
	first := compete.UTC(f.now)
	for i, at := range []*time.Time{&first, &first, nil} {
		o, err := f.Outgoing(t.Context(), messages[i].ID)
		must(t, err)
		want(t, "taken at", o.DeliveredAt, at)
	}
}
