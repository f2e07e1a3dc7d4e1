// Package jobs runs the work in the background: it confirms registrations and writes their messages, finishes what a
// change of a competition began, sends mails, reminds, cleans up, and keeps what could not be done as failed jobs. It
// owns the queue (River, in the program's own database), the workers, the periodic jobs and their retries.
//
// It changes no seats (package registrar does), writes no SQL of its own (compete.WorkStore does), words no
// message and speaks no SMTP (package mail does both).
//
// A worker may be killed at any point and a job may run twice: what a job writes is unique or guarded by status and
// sequence number in the store, so the second time changes nothing.
package jobs
