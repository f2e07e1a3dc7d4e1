package compete

import "time"

// The limits of all user input, defined only here; messages, the API document and forms use these constants.
const (
	MinTitleLength       = 3      // characters
	MaxTitleLength       = 120    // characters
	MaxDescriptionLength = 20_000 // characters
	MaxLocationLength    = 200    // characters
	MaxTags              = 10
	MaxTagLength         = 32 // characters
	MinCapacity          = 1
	MaxCapacity          = 1_000_000 // seats
	MaxNameLength        = 100       // characters
	MaxEmailLength       = 254       // bytes, RFC 5321 section 4.5.3.1.3 less the angle brackets
	MinPasswordLength    = 8         // characters
	MaxPasswordLength    = 256       // bytes
	MinIdempotencyKey    = 8         // characters
	MaxIdempotencyKey    = 255       // characters
	MaxSearchLength      = 200       // characters
	MaxRemovalReason     = 500       // characters
	MaxRemovalNote       = 2_000     // characters
	MaxDisabledReason    = 500       // characters
	MinAccessCode        = 6         // characters
	MaxAccessCode        = 64        // characters
	MaxReportDetails     = 1_000     // characters
	MaxReportNote        = 2_000     // characters
	MaxDivisions         = 50
	MaxDivisionName      = 80 // characters
	DefaultPageSize      = 20
	MaxPageSize          = 100
)

// IdempotencyTTL is how long the answer to an Idempotency-Key is kept.
const IdempotencyTTL = 24 * time.Hour

// The bounds of every time in user input. The latest one fits both databases (PostgreSQL's timestamptz ends later,
// SQLite's 64-bit microseconds much later) and RFC 3339's four-digit year.
var (
	earliestTime = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	latestTime   = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
)
