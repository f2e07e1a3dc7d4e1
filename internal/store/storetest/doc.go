// Package storetest is the suite that a store has to pass, the same for every kind of database: what it promises, and
// that no seat is sold twice however many people press at once. Where the databases come from is the caller's business.
package storetest
