// Package e2e tests the web app in a real browser, against the whole program. It only contains tests.
//
// It needs Chromium (apt-get install chromium-headless-shell, or chromium). MINICOMPETE_SCREENSHOTS=dir makes the test
// of all pages also save a screenshot of each page, theme and width; `make screenshots` sets it.
package e2e
