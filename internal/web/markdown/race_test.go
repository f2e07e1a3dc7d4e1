//go:build race

package markdown

const withRaceDetector = true
