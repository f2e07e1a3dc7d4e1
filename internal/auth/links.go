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

// LinkKeys derives the tokens of emailed links from the installation's secret, which every process has. The database
// therefore stores no token, not even while an email waits to be sent: reading the database, a backup or a failed job
// doesn't reveal a usable link.
type LinkKeys struct {
	key      []byte
	previous *LinkKeys // its tokens are still accepted; may be nil
}

var _ compete.LinkKeys = (*LinkKeys)(nil)

// NewLinkKeys takes the secret that also signs the API's tokens, and the previous one, which may be empty.
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

// unsubscribeMAC is the length of the MAC in an unsubscribe token, in bytes. It is short because the token grants no
// access, and each guess takes a request.
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

// Links wraps a link store so that changes that end logins take effect in this process at once.
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
