// Package jobs runs background work: it confirms registrations and writes their messages, finishes changes of
// competitions, sends emails and reminders, cleans up, and stores jobs that couldn't be done as failed jobs. It
// contains the queue (River, in the program's own database), the workers, the periodic jobs and the retries.
//
// It doesn't change seats (package registrar does), has no SQL of its own (compete.WorkStore does), and neither writes
// the text of messages nor speaks SMTP (package mail does both).
//
// A worker may be killed at any point and a job may run twice: what a job writes is unique, or guarded by status and
// sequence number in the store, so the second run changes nothing.
package jobs
