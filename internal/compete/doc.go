// Package compete is the domain of Mini Compete: users, competitions, registrations, messages, the rules that hold
// between them, and the services that both front doors (REST API and web pages) call.
//
// There is a service for each thing that people do: Accounts, Logins, SecondFactors, Competitions, Registrations,
// Mailbox and so on. Each is made by a constructor from a config that names what it needs. The constructor panics
// when something is missing, and says what.
//
// It owns what is allowed and what things mean. It knows neither SQL nor HTTP and imports the standard library and
// package normal alone: what it needs from outside it states as small interfaces (stores, Registrar, PasswordHasher),
// wired by package app.
package compete
