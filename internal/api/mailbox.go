package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
)

// Message is a message to the caller.
type Message struct {
	ID             string              `json:"id" format:"uuid" example:"018f6b1e-3333-7d0a-9b3e-5a1f0c2d4e6f"`
	Kind           compete.MessageKind `json:"kind" example:"confirmed"`
	RegistrationID *string             `json:"registrationId" format:"uuid" doc:"The registration this is about; null if none." example:"018f6b1e-1111-7d0a-9b3e-5a1f0c2d4e6f"`
	Seq            *int64              `json:"seq" doc:"The registration's sequence number at that time; null if this isn't about a registration." example:"59"`
	To             string              `json:"to" example:"ada@example.com"`
	Subject        string              `json:"subject" example:"You're in: Spring Hackathon"`
	Body           string              `json:"body" doc:"Plain text." example:"Your seat is confirmed."`
	SentAt         time.Time           `json:"sentAt" example:"2026-04-01T09:00:01Z"`
	ReadAt         *time.Time          `json:"readAt" doc:"When it was read; null if unread." example:"2026-04-01T10:00:00Z"`
}

// TransformSchema documents the kinds of messages in mailboxes.
func (Message) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	for _, kind := range compete.MessageKinds() {
		if !kind.Traits().EmailOnly {
			schema.Properties["kind"].Enum = append(schema.Properties["kind"].Enum, string(kind))
		}
	}
	return schema
}

type messageInput struct {
	ID string `path:"id" doc:"The message's ID."`
}

type messageAnswer struct{ Body Message }

const tagMailbox = "Mailbox"

func (a *api) registerMailbox() {
	handle(a, route{
		method: http.MethodGet, path: "/api/users/me/mailbox", id: "listMessages", tag: tagMailbox, access: loggedIn,
		summary: "List my messages", description: "Your mailbox, newest first.",
	}, a.listMessages)
	handle(a, route{
		method: http.MethodPost, path: "/api/users/me/mailbox/{id}/read", id: "readMessage",
		tag: tagMailbox, access: loggedIn,
		summary: "Mark a message as read", description: "Marking it again has no effect.",
		errors: []*compete.Error{compete.ErrMessageMissing},
	}, a.readMessage)
}

func (a *api) listMessages(ctx context.Context, in *PageParams) (*listOf[Message], error) {
	page, err := a.Mailbox.List(ctx, actor(ctx), in.Cursor, int(in.Limit))
	if err != nil {
		return nil, err
	}
	return newList(in, page, newMessage), nil
}

func (a *api) readMessage(ctx context.Context, in *messageInput) (*messageAnswer, error) {
	m, err := a.Mailbox.Read(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &messageAnswer{newMessage(&m)}, nil
}

func newMessage(m *compete.Message) Message {
	message := Message{
		ID: m.ID, Kind: m.Kind, To: m.To, Subject: m.Subject, Body: m.Body, SentAt: m.SentAt.UTC(),
		ReadAt: utc(m.ReadAt),
	}
	if m.RegistrationID != "" {
		message.RegistrationID, message.Seq = &m.RegistrationID, &m.Seq
	}
	return message
}
