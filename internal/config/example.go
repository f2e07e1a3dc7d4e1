package config

import (
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// Example is the text of .env.example: every setting with its help and its default.
func Example() (string, error) {
	parser, err := kong.New(&Config{}, append(Options(), kong.Name("minicompete"), kong.NoDefaultHelp())...)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("# Every setting of minicompete, with its default. The program reads them from its environment, for example:\n" +
		"#   cp .env.example .env, uncomment what you change, then: set -a; . ./.env; set +a; bin/minicompete serve\n" +
		"# The same settings are flags: minicompete serve --help. This file is made from internal/config.\n")
	group := ""
	for _, flag := range settings(parser) {
		if flag.Group != nil && flag.Group.Title != group {
			group = flag.Group.Title
			b.WriteString("\n## " + group + "\n")
		}
		value := flag.Default
		if strings.ContainsAny(value, " *<>") {
			value = "'" + value + "'"
		}
		b.WriteString("\n# " + flag.Help + "\n# " + flag.Envs[0] + "=" + value + "\n")
	}
	return b.String(), nil
}

// UnsetEmpty takes empty variables out of the environment: NAME= means the default, not an empty value.
func UnsetEmpty(parser *kong.Kong) error {
	for _, flag := range settings(parser) {
		if value, ok := os.LookupEnv(flag.Envs[0]); ok && value == "" {
			if err := os.Unsetenv(flag.Envs[0]); err != nil {
				return err
			}
		}
	}
	return nil
}
