// Package factor is the cryptography of second factors: codes of authenticator apps (TOTP), passkeys (WebAuthn), and
// sealing what browsers and the database keep of them.
//
// It owns formats and checks alone. When a factor is asked for, and what it opens, are compete's rules; sessions belong
// to auth.
package factor
