// Package compete is the domain of Mini Compete: users, competitions, registrations, messages, the rules that connect
// them, and the services called by both front ends (REST API and web pages).
//
// There is one service per area, such as Accounts, Logins, SecondFactors, Competitions, Registrations and Mailbox. Each
// is created by a constructor from a config that lists its dependencies. The constructor panics if a dependency is
// missing, and names it.
//
// The staff of a competition are those who manage it: its organizer and all admins (Competition.ManagedBy).
//
// The package defines the permissions and business rules. It knows neither SQL nor HTTP, and imports only the standard
// library and the packages normal and draw. It declares its dependencies as small interfaces (stores, Registrar,
// PasswordHasher), which package app implements or connects.
package compete
