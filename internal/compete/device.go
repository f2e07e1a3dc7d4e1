package compete

import "strings"

// deviceNames are what is looked for in a user agent, and what it is called. The first that is found counts: most
// browsers name those before them as well.
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

// UnknownDevice is the DeviceName of a user agent that says nothing.
const UnknownDevice = "Unknown device"

// DeviceName is a short name for what a user agent runs on, such as "Chrome on Android". It is made of the program's
// own words alone, so that nobody can have a text of theirs shown or sent to another; and it has no versions, so that
// it outlasts updates.
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
