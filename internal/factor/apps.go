package factor

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/minicompete/minicompete/internal/compete"
)

const (
	secretBytes = 20 // the recommended key length of HMAC-SHA-1 (RFC 4226, section 4)
	period      = 30 // seconds
	// skew is how many periods a code may be early or late: phones' clocks differ, and people type slowly.
	skew = 1
)

// Apps generates and checks the codes of authenticator apps, with the parameters that all apps support: six digits, 30
// s, SHA-1.
type Apps struct {
	SiteName func() string // shown in the app
}

var _ compete.AppCodes = Apps{}

// NewSecret implements compete.AppCodes.
func (Apps) NewSecret() string {
	var secret [secretBytes]byte
	_, _ = rand.Read(secret[:]) // documented never to fail
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret[:])
}

// URI implements compete.AppCodes.
func (a Apps) URI(secret, email string) string {
	site := strings.ReplaceAll(a.SiteName(), ":", " ") // the colon separates it from the account
	q := url.Values{"secret": {secret}, "issuer": {site}}
	u := url.URL{
		Scheme: "otpauth", Host: "totp", Path: "/" + site + ":" + email,
		RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20"),
	}
	return u.String()
}

// Step implements compete.AppCodes.
func (Apps) Step(secret, code string, now time.Time) (step int64, ok bool) {
	present := now.Unix() / period
	for step = present - skew; step <= present+skew; step++ {
		//nolint:gosec // after 1970
		want, err := hotp.GenerateCodeCustom(secret, uint64(step),
			hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			return step, true
		}
	}
	return 0, false
}
