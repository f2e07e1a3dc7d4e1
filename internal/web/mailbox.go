package web

import (
	"net/http"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

func (a *app) mailbox(r *http.Request, v *visit) (response, error) {
	list, err := a.Mailbox.List(r.Context(), v.actor, r.URL.Query().Get("cursor"), rowsPerPage)
	if err != nil {
		return nil, err
	}
	messages := make([]pages.Message, len(list.Items))
	for i := range list.Items {
		messages[i] = messageView(&list.Items[i])
	}
	more := ""
	if !list.Next.IsZero() {
		more = nextPage(r.URL, list.Next)
	}
	switch {
	case v.partial() && r.URL.Query().Has("cursor"):
		return show(http.StatusOK, pages.MoreMessages(messages, more)), nil
	case v.partial():
		return show(http.StatusOK, pages.Messages(messages, more)), nil
	}
	return show(http.StatusOK, pages.Mailbox(v.page("Mailbox", ui.SectionMailbox), messages, v.unread, more)), nil
}

func messageView(m *compete.Message) pages.Message {
	return pages.Message{ID: m.ID, Subject: m.Subject, Body: m.Body, SentAt: m.SentAt, Unread: m.ReadAt == nil}
}

// readMessage shows a message and marks it as read.
func (a *app) readMessage(r *http.Request, v *visit) (response, error) {
	before, err := a.Mailbox.Get(r.Context(), v.actor, r.PathValue("message"))
	if err != nil {
		return nil, err
	}
	m, err := a.Mailbox.Read(r.Context(), v.actor, before.ID)
	if err != nil {
		return nil, err
	}
	if before.ReadAt == nil {
		v.unread = max(v.unread-1, 0) // it was counted before the message was marked
	}
	view := messageView(&m)
	view.AsWritten = v.actor.Zone.Chosen
	return show(http.StatusOK, pages.ReadMessage(v.page(m.Subject, ui.SectionMailbox), view)), nil
}

func (a *app) readAll(r *http.Request, v *visit) (response, error) {
	if err := a.Mailbox.ReadAll(r.Context(), v.actor); err != nil {
		return nil, err
	}
	return redirectWith("all-read", "/mailbox"), nil
}
