// Command minicompete runs Mini Compete: the server and the administrative commands.
//
// It handles the command line: flags, environment, signals, exit codes and output.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/minicompete/minicompete/internal/app"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
)

// version is set by the build.
var version = ""

// The exit codes.
const (
	exitOK    = 0
	exitError = 1 // the command failed
	exitUsage = 2 // invalid command line or setting
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// streams are a command's input and outputs.
type streams struct {
	in       *os.File
	out, err io.Writer
}

// commands is the whole command line.
type commands struct {
	config.Config

	Serve       serveCommand       `cmd:"" help:"Update the database schema, then start the server."`
	Migrate     migrateCommand     `cmd:"" help:"Update the database schema, or show its status."`
	Backup      backupCommand      `cmd:"" help:"Back up the whole database to a file. Servers can keep running."`
	Restore     restoreCommand     `cmd:"" help:"Restore the database from a backup."`
	Seed        seedCommand        `cmd:"" help:"Add the demo data, if it isn't there yet."`
	User        userCommand        `cmd:"" help:"Create accounts, including admins, and change roles."`
	Mail        mailCommand        `cmd:"" help:"Try the mail server."`
	Jobs        jobsCommand        `cmd:"" help:"List and retry failed jobs (jobs that have used up their attempts)."`
	Verify      verifyCommand      `cmd:"" help:"Check what a competition has published, without trusting its server."`
	Healthcheck healthcheckCommand `cmd:"" help:"Check whether the server on this machine is healthy."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
}

// environment is passed to every command.
type environment struct {
	streams
	app.Config
	parsed *kong.Context
}

func run(ctx context.Context, args []string, s streams) int {
	help := fullHelp
	if len(args) == 0 {
		args, help = []string{"--help"}, ownHelp
	}
	if err := config.LoadEnvFile(config.EnvFile); err != nil {
		fmt.Fprintln(s.err, "minicompete:", err)
		return exitUsage
	}
	var c commands
	exited := false
	options := append(config.Options(),
		kong.Name("minicompete"),
		kong.Description(
			"Registration for competitions: each seat goes to exactly one person, in order of arrival.\n\n"+
				"To try it out, run: minicompete serve --demo"),
		kong.Writers(s.out, s.err),
		kong.Exit(func(int) { exited = true }),
		kong.Help(help),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 110}),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	parser, err := kong.New(&c, options...)
	if err == nil {
		err = config.UnsetEmpty(parser)
	}
	if err != nil {
		fmt.Fprintln(s.err, "minicompete:", err)
		return exitError
	}
	if err := errors.Join(config.RefuseSecretFlags(parser, args), config.LoadSecretFiles(parser)); err != nil {
		fmt.Fprintln(s.err, "minicompete:", err)
		return exitUsage
	}
	parsed, err := parser.Parse(args)
	if exited { // help was printed
		return exitOK
	}
	if err != nil {
		fmt.Fprintln(s.err, "minicompete:", err)
		return exitUsage
	}
	env := &environment{streams: s, parsed: parsed, Config: app.Config{Config: c.Config, Version: programVersion()}}
	env.Logger = app.NewLogger(c.Config, s.err)
	return exitCode(s, parsed.Run(env))
}

// fullHelp prints the help of the program and of serve with every setting, which would bury the others' own flags.
func fullHelp(options kong.HelpOptions, parsed *kong.Context) error {
	if command := parsed.Selected(); command != nil && command.Name != "serve" {
		return ownHelp(options, parsed)
	}
	return printHelp(options, parsed, "You can also set each flag with the variable next to it, in the environment or "+
		"in a\nfile named .env in the working directory.")
}

// ownHelp prints the help of a command, or of the program, without the settings.
func ownHelp(options kong.HelpOptions, parsed *kong.Context) error {
	for _, flag := range parsed.Model.Flags {
		flag.Hidden = flag.Group != nil && flag.Name != "database-url"
	}
	return printHelp(options, parsed, "Commands use the server's settings, from the environment or a file named .env "+
		"in the\nworking directory. To list them, run: minicompete --help")
}

func printHelp(options kong.HelpOptions, parsed *kong.Context, about string) error {
	if err := kong.DefaultHelpPrinter(options, parsed); err != nil {
		return err
	}
	_, err := fmt.Fprintln(parsed.Stdout, "\n"+about)
	return err
}

// wrongUsage is the error for an unsupported use of a command.
type wrongUsage struct{ error }

func exitCode(s streams, err error) int {
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(s.err, "minicompete:", sentence(err))
	var wrong wrongUsage
	var invalid *compete.Error
	if errors.As(err, &wrong) || errors.As(err, &invalid) && invalid.Kind == compete.KindInvalid {
		return exitUsage
	}
	return exitError
}

// sentence lists every bad field of an invalid input; for other errors it returns their text.
func sentence(err error) string {
	var e *compete.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	if len(e.Fields) == 0 {
		return e.Detail
	}
	text := ""
	for i, field := range e.Fields {
		if i > 0 {
			text += "; "
		}
		text += field.Field + " " + field.Message
	}
	return text
}

// programVersion returns the version set by the build, or the commit it was built from.
func programVersion() string {
	info, _ := debug.ReadBuildInfo()
	return cmp.Or(version, builtFrom(info), "unknown")
}

// builtFrom returns the commit, or the release fetched by go install, which has no commit.
func builtFrom(info *debug.BuildInfo) string {
	if info == nil {
		return ""
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value[:min(12, len(setting.Value))]
		}
	}
	if info.Main.Version == "(devel)" {
		return ""
	}
	return info.Main.Version
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(env *environment) error {
	_, err := fmt.Fprintln(env.out, env.Version)
	return err
}
