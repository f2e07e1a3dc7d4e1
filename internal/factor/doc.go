// Package factor implements the cryptography of second factors: codes of authenticator apps (TOTP), passkeys
// (WebAuthn), and sealing the data that browsers and the database keep for them.
//
// It only handles formats and checks. Package compete decides when a factor is needed and what it permits; package auth
// handles sessions.
package factor
