package config

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// secretFile is stored in the directory of the SQLite file.
const secretFile = "jwt.secret"

// TokenSecret returns the key that signs tokens: the raw bytes of JWT_SECRET. If that is empty and the database is
// SQLite, the key is read from a file beside the database, which is created on first use and only readable by its
// owner.
func (c *Config) TokenSecret() ([]byte, error) {
	if c.JWTSecret != "" {
		return []byte(c.JWTSecret), nil
	}
	path, ok := c.DatabaseURL.SQLitePath()
	if !ok {
		return nil, fmt.Errorf("JWT_SECRET is required with PostgreSQL: at least %d bytes, the same for all replicas",
			MinSecretLength)
	}
	path = filepath.Join(filepath.Dir(path), secretFile)
	secret, err := os.ReadFile(path) //nolint:gosec // the operator says where
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeSecret(path); err != nil {
			return nil,
				fmt.Errorf("JWT_SECRET is empty, and a generated one could not be saved next to the database: %w", err)
		}
		secret, err = os.ReadFile(path) //nolint:gosec // the operator says where
	}
	if err != nil {
		return nil, fmt.Errorf("JWT_SECRET is empty, and the one saved next to the database could not be read: %w", err)
	}
	secret = bytes.TrimSpace(secret)
	if weak(secret) && len(secret) >= MinSecretLength {
		return nil,
			fmt.Errorf("the JWT secret in %s is easy to guess; delete the file to generate a new one "+
				"(all API tokens stop working)", path)
	}
	if len(secret) < MinSecretLength {
		return nil,
			fmt.Errorf("the JWT secret in %s is %d bytes long but must be at least %d; delete the file to generate a "+
				"new one (all API tokens stop working)",
				path, len(secret), MinSecretLength)
	}
	return secret, nil
}

const (
	minDistinctBytes = 8 // 32 random hexadecimal digits have fewer in one of a hundred million cases
	minSecretUnit    = 8 // bytes
)

// weak reports whether a secret has few distinct characters, repeats a short unit, or is a placeholder that nobody
// replaced.
func weak(secret []byte) bool {
	distinct := map[byte]bool{}
	for _, b := range secret {
		distinct[b] = true
	}
	if len(distinct) < minDistinctBytes {
		return true
	}
	for unit := 1; unit < minSecretUnit; unit++ {
		if bytes.Equal(secret[unit:], secret[:len(secret)-unit]) {
			return true
		}
	}
	lower := bytes.ToLower(secret)
	return slices.ContainsFunc([]string{
		"change-me", "changeme", "change_me", "change-this", "your-secret",
		"your_secret", "placeholder",
	}, func(word string) bool {
		return bytes.Contains(lower, []byte(word))
	})
}

// makeSecret writes the file atomically, and keeps one that another process has created in the meantime.
func makeSecret(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	var raw [MinSecretLength]byte
	_, _ = rand.Read(raw[:]) // documented never to fail
	whole, err := os.CreateTemp(filepath.Dir(path), secretFile+".*")
	if err != nil {
		return err
	}
	defer os.Remove(whole.Name())
	_, err = fmt.Fprintln(whole, base64.RawURLEncoding.EncodeToString(raw[:]))
	if err := errors.Join(err, whole.Sync(), whole.Close()); err != nil {
		return err
	}
	// CreateTemp makes it readable only by the owner (0600). A link, unlike a rename, never replaces another process's
	// file.
	if err := os.Link(whole.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
