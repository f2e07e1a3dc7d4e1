// Package compete is the domain of Mini Compete: users, competitions, registrations, messages, the rules that hold
// between them, and the Service that both front doors (REST API and web pages) call.
//
// It owns what is allowed and what things mean. It knows neither SQL nor HTTP and imports the standard library and package normal
// alone: what it needs from outside it states as small interfaces (stores, Registrar, PasswordHasher), wired by package app.
package compete
