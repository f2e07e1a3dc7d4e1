// Package draw decides the order of a lottery, and lets anybody check it.
//
// It owns the rule of the draw, the public file about it, and the sources of randomness. It knows neither
// competitions nor people: it orders references. Who may draw, and what becomes of the order, is decided in
// internal/compete.
//
// The rule uses only integers and bytes, so that any language can recompute it:
//
//  1. The list is the references and their numbers of tickets, in ascending order of references. Its hash is the
//     SHA-256 of one line for each: the reference, a space, the number in decimal, and a line feed.
//  2. A source of randomness that is named when the list is frozen gives 32 bytes later.
//  3. A ticket's key is HMAC-SHA256 with the randomness as its key, of the reference (as written in the list) followed
//     by the ticket's number as four bytes, most significant first. The tickets of a reference are numbered from 1.
//  4. The key of a reference is the smallest of its tickets' keys, compared as bytes. Ascending keys are the order.
//
// With twice the tickets, a reference is twice as likely to come before any other one.
package draw
