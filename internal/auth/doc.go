// Package auth authenticates requests. It provides password hashes, the API's bearer tokens, the pages' session
// cookies, and the deny-list that ends both early.
//
// Package compete decides permissions; api and web transport the tokens over HTTP.
package auth
