package config

import (
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// Names lists the environment variables of all settings.
func Names() []string {
	var names []string
	for _, flag := range settings(describe()) {
		names = append(names, flag.Envs[0])
	}
	return names
}

// Table returns all settings as Markdown, with one table per group.
func Table() string {
	var b strings.Builder
	group := ""
	for _, flag := range settings(describe()) {
		if flag.Group.Title != group {
			group = flag.Group.Title
			b.WriteString("\n| " + group + " | default | |\n|---|---|---|\n")
		}
		value := "`" + flag.Default + "`"
		if flag.Default == "" {
			value = ""
		}
		b.WriteString("| `" + flag.Envs[0] + "` | " + value + " | " +
			strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;").Replace(flag.Help) + " |\n")
	}
	return b.String()
}

// describe returns a parser that only describes the settings.
func describe() *kong.Kong {
	parser, err := kong.New(&Config{}, append(Options(), kong.Name("minicompete"), kong.NoDefaultHelp())...)
	if err != nil {
		panic(fmt.Sprintf("the tags of config.Config are wrong: %v", err)) // only caused by a mistake in this package
	}
	return parser
}

// Example returns the text of .env.example: every setting with its help and default.
func Example() string {
	var b strings.Builder
	b.WriteString("# Every setting of minicompete, with its default. The program reads its environment " +
		"first, then the file .env in the\n" +
		"# working directory. Copy what you want to change into .env (./setup.sh writes the secrets there).\n" +
		"# Except for secrets, every setting is also a flag: see minicompete serve --help.\n" +
		"# To read a secret, or a URL with a password, from a file, set JWT_SECRET_FILE, " +
		"DATABASE_URL_FILE and so on to its path.\n" +
		"# This file is generated from internal/config.\n")
	group := ""
	for _, flag := range settings(describe()) {
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
	return b.String()
}

// UnsetEmpty removes empty variables from the environment: NAME= means the default, not an empty value.
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
