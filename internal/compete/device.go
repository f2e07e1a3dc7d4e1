package compete

import "strings"

// deviceNames maps substrings of a user agent to display names. The first match wins: most browsers list the names of
// others after their own.
type deviceNames [][2]string

var (
	programs = deviceNames{
		{"SamsungBrowser/", "Samsung Internet"},
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"Vivaldi/", "Vivaldi"},
		{"FxiOS/", "Firefox"},
		{"Firefox/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
		{"PostmanRuntime/", "Postman"},
		{"curl/", "curl"},
		{"Wget/", "Wget"},
		{"python", "Python"},
		{"Go-http-client/", "Go"},
		{"okhttp/", "OkHttp"},
		{"node", "Node.js"},
		{"Java", "Java"},
	}
	systems = deviceNames{
		{"Android", "Android"},
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Windows", "Windows"},
		{"CrOS", "ChromeOS"},
		{"Macintosh", "Mac"},
		{"Linux", "Linux"},
	}
)

func (names deviceNames) in(userAgent string) string {
	for _, n := range names {
		if strings.Contains(userAgent, n[0]) {
			return n[1]
		}
	}
	return ""
}

// UnknownDevice is the DeviceName of an unrecognized user agent.
const UnknownDevice = "Unknown device"

// DeviceName returns a short name for a user agent, such as "Chrome on Android". It only uses names from this package,
// so that nobody can have their own text shown or sent to someone else, and no versions, so that the name survives
// updates.
func DeviceName(userAgent string) string {
	program, system := programs.in(userAgent), systems.in(userAgent)
	switch {
	case program == "" && system == "":
		return UnknownDevice
	case program == "":
		return system
	case system == "":
		return program
	}
	return program + " on " + system
}
