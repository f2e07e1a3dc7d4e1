// Package auth tells who makes a request: password hashes, the bearer tokens of the API, the session cookies of the
// pages, and the deny-list that ends both before their time.
//
// It owns how a login is proved. Who may do what is decided in package compete, and how tokens travel over HTTP in api
// and web.
package auth
