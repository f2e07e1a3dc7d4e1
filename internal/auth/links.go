package auth

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
)

// LinkKeys makes the tokens of links in mails from the secret of the installation, which every process has. So the
// database keeps no token, not even while a mail waits to be sent: who reads the database, a backup or a failed job
// can't use a link.
type LinkKeys struct {
	key      []byte
	previous *LinkKeys // whose tokens are still taken, or nil
}

var _ compete.LinkKeys = (*LinkKeys)(nil)

// NewLinkKeys takes the secret that keys the API's tokens too, and the previous one, which may be empty.
func NewLinkKeys(secret, previous []byte) (*LinkKeys, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "mini compete: links in mails", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the key of links: %w", err)
	}
	keys := &LinkKeys{key: key}
	if len(previous) > 0 {
		keys.previous, err = NewLinkKeys(previous, nil)
	}
	return keys, err
}

// Token implements compete.LinkKeys.
func (k *LinkKeys) Token(linkID string) string {
	return base64.RawURLEncoding.EncodeToString(k.mac("link", []byte(linkID)))
}

// TokenOf implements compete.LinkKeys.
func (k *LinkKeys) TokenOf(l compete.Link) (token string, ok bool) {
	if token = k.Token(l.ID); compete.HashToken(token) == l.TokenHash {
		return token, true
	}
	if k.previous != nil {
		return k.previous.TokenOf(l)
	}
	return "", false
}

// unsubscribeMAC is how much of a MAC an unsubscribe token has, in bytes: it opens nothing, and a guess costs a
// request.
const unsubscribeMAC = 16

// Unsubscribe implements compete.LinkKeys.
func (k *LinkKeys) Unsubscribe(userID string) string {
	id, err := uuid.Parse(userID)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(id[:], k.mac("unsubscribe", id[:])[:unsubscribeMAC]...))
}

// Unsubscriber implements compete.LinkKeys.
func (k *LinkKeys) Unsubscriber(token string) (userID string, ok bool) {
	decoded, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(token))
	if err != nil || len(decoded) != len(uuid.UUID{})+unsubscribeMAC {
		return "", false
	}
	id, mac := uuid.UUID(decoded[:16]), decoded[16:]
	if !hmac.Equal(mac, k.mac("unsubscribe", id[:])[:unsubscribeMAC]) {
		if k.previous != nil {
			return k.previous.Unsubscriber(token)
		}
		return "", false
	}
	return id.String(), true
}

func (k *LinkKeys) mac(purpose string, of []byte) []byte {
	h := hmac.New(sha256.New, k.key)
	h.Write([]byte(purpose + "\x00"))
	h.Write(of)
	return h.Sum(nil)
}

// Links wraps a store of links so that a change that ends logins takes effect in this process at once.
func (a *Authenticator) Links(store compete.LinkStore) compete.LinkStore {
	return links{LinkStore: store, deny: a.deny}
}

type links struct {
	compete.LinkStore
	deny *denyList
}

func (l links) UseResetLink(
	ctx context.Context, link compete.Link, passwordHash string, m compete.Message, now time.Time,
) (compete.User, error) {
	user, err := l.LinkStore.UseResetLink(ctx, link, passwordHash, m, now)
	return user, l.deny.after(ctx, err)
}

func (l links) UseChangeLink(
	ctx context.Context, link compete.Link, passwordHash string, m compete.Message, now time.Time,
) (compete.User, error) {
	user, err := l.LinkStore.UseChangeLink(ctx, link, passwordHash, m, now)
	return user, l.deny.after(ctx, err)
}
