package demo

import (
	"fmt"
	"slices"
	"strings"
)

type person struct{ email, name string }

const (
	adminEmail = "admin@minicompete.com"
	adminName  = "Ruth Adler"
)

var organizers = []person{
	{"organizer1@minicompete.com", "Maya Lindqvist"},
	{"organizer2@minicompete.com", "Tomás Herrera"},
}

var participants = []person{
	{"participant1@minicompete.com", "Aisha Rahman"},
	{"participant2@minicompete.com", "Ben Carter"},
	{"participant3@minicompete.com", "Chen Wei"},
	{"participant4@minicompete.com", "Dina Popova"},
	{"participant5@minicompete.com", "Emeka Obi"},
}

// Logins returns one line per role with an account to log in to; all use Password.
func Logins() []string {
	return []string{
		fmt.Sprintf("participants: %s … %s", participants[0].email, participants[len(participants)-1].email),
		fmt.Sprintf("organizers:   %s, %s", organizers[0].email, organizers[1].email),
		"admin:        " + adminEmail,
	}
}

// Emails returns the addresses of all demo accounts.
func Emails() []string {
	emails := []string{adminEmail}
	for _, p := range slices.Concat(organizers, participants, crowd()) {
		emails = append(emails, p.email)
	}
	return emails
}

var invented = func() map[string]bool {
	known := map[string]bool{}
	for _, email := range Emails() {
		known[email] = true
	}
	return known
}()

// Invented reports whether an address belongs to a demo account: nobody reads email sent there, and its Password is
// public.
func Invented(email string) bool { return invented[email] }

// crowd returns the people who register in addition to the participants with a login.
func crowd() []person {
	first := strings.Fields(
		"Alice Bruno Clara Dmitri Elif Farid Greta Hugo Ines Jakub Kofi Lena Marco Nadia " +
			"Oscar Priya Quinn Rosa Sven Tara",
	)
	last := strings.Fields("Abbott Bianchi Costa Dubois")
	var people []person
	for _, l := range last {
		for _, f := range first {
			people = append(people, person{strings.ToLower(f+"."+l) + "@example.com", f + " " + l})
		}
	}
	return people
}
