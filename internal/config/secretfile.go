package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// fileSuffix is appended to a secret's variable for the name of a file with its value, as Docker and Kubernetes mount
// secrets: JWT_SECRET_FILE for JWT_SECRET.
const fileSuffix = "_FILE"

// maxSecretFile is the maximum size of a secret's file, in bytes.
const maxSecretFile = 64 << 10

// LoadSecretFiles sets each secret of parser that has a NAME_FILE variable to the content of that file, without its
// final line break. It fails if a secret is set both ways, or the file is unreadable, empty or too large. Call it after
// UnsetEmpty and before parsing. Errors never quote a file's content.
func LoadSecretFiles(parser *kong.Kong) error {
	for _, flag := range settings(parser) {
		name := flag.Envs[0]
		path := os.Getenv(name + fileSuffix)
		if !isSecret(flag) || path == "" {
			continue
		}
		if _, set := os.LookupEnv(name); set {
			return fmt.Errorf("set either %s or %s%s, not both", name, name, fileSuffix)
		}
		value, err := readSecret(path)
		if err != nil {
			return fmt.Errorf("%s%s: %w", name, fileSuffix, err)
		}
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("%s%s: the file contains characters that a setting can't have", name, fileSuffix)
		}
	}
	return nil
}

// isSecret reports whether a setting's value must be hidden: a secret, or a URL that may contain a password.
func isSecret(flag *kong.Flag) bool {
	t := flag.Target.Type()
	return t == reflect.TypeFor[Secret]() || t == reflect.TypeFor[URL]()
}

func readSecret(path string) (string, error) {
	info, err := os.Stat(path) //nolint:gosec // the operator says where
	if pathError := new(fs.PathError); errors.As(err, &pathError) {
		return "", fmt.Errorf("%s: %w", path, pathError.Err)
	}
	if err != nil {
		return "", err
	}
	if info.IsDir() || info.Size() > maxSecretFile {
		return "", fmt.Errorf("%s must be a file of at most %d bytes", path, maxSecretFile)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator says where
	if err != nil {
		return "", err
	}
	value := strings.TrimRight(string(text), "\r\n")
	if value == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return value, nil
}

// RefuseSecretFlags fails if args contain a secret, or a URL with a password, as a flag: other users of the machine
// could see it in the process list.
func RefuseSecretFlags(parser *kong.Kong, args []string) error {
	for _, flag := range settings(parser) {
		for i, arg := range args {
			value, found := strings.CutPrefix(arg, "--"+flag.Name)
			if !found || !isSecret(flag) || value != "" && value[0] != '=' {
				continue
			}
			if value == "" && i+1 < len(args) {
				value = args[i+1]
			}
			if flag.Target.Type() == reflect.TypeFor[URL]() && !hasPassword(strings.TrimPrefix(value, "=")) {
				continue
			}
			name := flag.Envs[0]
			return fmt.Errorf("--%s would show a secret to every user of this machine; set %s or %s%s instead",
				flag.Name, name, name, fileSuffix)
		}
	}
	return nil
}

// hasPassword reports whether a URL contains a password, or can't be parsed and so may contain one.
func hasPassword(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return true
	}
	_, set := u.User.Password()
	return set || u.Query().Has("password") || u.Query().Has("sslpassword")
}
