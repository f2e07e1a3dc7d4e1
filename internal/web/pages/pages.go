// Package pages holds the pages of the web app, one templ component each.
//
// It owns what stands on a page and in which words. How things look is package ui's, where the data
// come from is package web's.
package pages
