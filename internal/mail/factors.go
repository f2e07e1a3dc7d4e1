package mail

import "github.com/minicompete/minicompete/internal/compete"

// factorWords is the text of a message about changed second factors.
type factorWords struct{ Title, Text string }

var factorChanges = map[compete.SecurityChange]factorWords{
	compete.SecurityAppAdded: {
		"Authenticator app added to your account",
		"An authenticator app was added to your account. From now on, you also need a code when " +
			"you log in with your password.",
	},
	compete.SecurityAppRemoved: {
		"Authenticator app turned off",
		"The authenticator app for your account was turned off.",
	},
	compete.SecurityPasskeyAdded: {
		"Passkey added to your account",
		"A passkey was added to your account. You can use it to log in without your password.",
	},
	compete.SecurityPasskeyRemoved: {"Passkey removed from your account", "A passkey was removed from your account."},
	compete.SecurityRecoveryCode: {
		"A recovery code was used",
		"One of your recovery codes was used. It won't work again.",
	},
	compete.SecurityNewCodes: {
		"You have new recovery codes",
		"New recovery codes were created for your account. The old ones no longer work.",
	},
	compete.SecurityFactorsReset: {
		"Your second factors were removed",
		"An admin removed all second factors from your account. You can now log in with just your password, so " +
			"set up a second factor again.",
	},
}

// Factor returns the text about changed second factors; nil for other messages.
func (c content) Factor() *factorWords {
	words, ok := factorChanges[c.Event]
	if !ok {
		return nil
	}
	return &words
}
