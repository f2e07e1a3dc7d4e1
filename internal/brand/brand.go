// Package brand handles the branding of a site: its name, logo, accent color, contact and legal links.
//
// It decides which values are acceptable: a small picture as the logo, and readable colors. The pages, the emails and
// the API document decide where to show them.
package brand

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	_ "image/png" // a logo may be one
	"io"
	"net/mail"
	"net/url"
	"os"

	_ "golang.org/x/image/webp" // a logo may be one
)

// DefaultName is the name of a site without one of its own.
const DefaultName = "Mini Compete"

// Site is an operator's branding. The zero Site is unbranded.
type Site struct {
	Name    string
	Logo    *Logo   // nil means the program's own logo
	Accent  *Accent // nil means the default color
	Contact string  // an email address or a URL; empty if none
	Imprint string  // URL; empty if none
	Privacy string  // URL; empty if none
	Terms   string  // URL; empty if none
}

// ContactURL returns the contact as a link: a mailto: URL for an email address.
func (s Site) ContactURL() string {
	if address, err := mail.ParseAddress(s.Contact); err == nil {
		return (&url.URL{Scheme: "mailto", Opaque: address.Address}).String()
	}
	return s.Contact
}

// IsWebAddress reports whether a text is an http or https URL with a host.
func IsWebAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// IsContact reports whether a text is a plain email address or a web address.
func IsContact(s string) bool {
	address, err := mail.ParseAddress(s)
	return err == nil && address.Address == s || IsWebAddress(s)
}

// The limits of a logo.
const (
	maxLogo       = 40 << 10 // bytes; it is part of every first view
	maxLogoPixels = 2048     // in width and height
)

// Logo is a picture shown beside the site's name.
type Logo struct {
	Content []byte
	Type    string // image/png, image/webp or image/svg+xml
	Hash    string // of the content
}

// Ext returns the file extension of its type, such as ".png".
func (l *Logo) Ext() string {
	return map[string]string{"image/png": ".png", "image/webp": ".webp", "image/svg+xml": ".svg"}[l.Type]
}

// ReadLogo reads a PNG, WebP or SVG file of at most 40 KiB.
func ReadLogo(path string) (*Logo, error) {
	file, err := os.Open(path) //nolint:gosec // the operator says which
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxLogo+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxLogo {
		return nil, fmt.Errorf("the file is larger than %d KiB", maxLogo>>10)
	}
	hash := sha256.Sum256(content)
	logo := &Logo{Content: content, Hash: hex.EncodeToString(hash[:6])}
	config, format, err := image.DecodeConfig(bytes.NewReader(content))
	switch {
	case err == nil && (format == "png" || format == "webp") && config.Width <= maxLogoPixels &&
		config.Height <= maxLogoPixels:
		logo.Type = "image/" + format
	case err == nil:
		return nil, fmt.Errorf("it must be a PNG, WebP or SVG of at most %d by %d pixels", maxLogoPixels, maxLogoPixels)
	case isSVG(content):
		logo.Type = "image/svg+xml"
	default:
		return nil, errors.New("it isn't a PNG, WebP or SVG")
	}
	return logo, nil
}

// isSVG reports whether the content is well-formed XML whose root is <svg>.
func isSVG(content []byte) bool {
	root := ""
	for decoder := xml.NewDecoder(bytes.NewReader(content)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return root == "svg"
		}
		if err != nil {
			return false
		}
		if start, ok := token.(xml.StartElement); ok && root == "" {
			root = start.Name.Local
		}
	}
}
