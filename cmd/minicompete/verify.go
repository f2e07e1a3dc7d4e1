package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/draw"
)

type verifyCommand struct {
	Draw verifyDraw `cmd:"" help:"Recompute a lottery from the file that its page offers."`
}

type verifyDraw struct {
	File string `arg:"" help:"The downloaded file, or - for standard input."`
}

// Run recomputes a draw. It needs no database.
func (c *verifyDraw) Run(env *environment) error {
	var in io.Reader = env.in
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return wrongUsage{err}
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	f, err := draw.Read(in)
	if err != nil {
		return err
	}
	tickets := 0
	for _, e := range f.List {
		tickets += e.Tickets
	}
	switch err := f.Verify(); {
	case errors.Is(err, draw.ErrNotDrawn):
		fmt.Fprintf(env.out, "The list is intact: %d people, %d tickets, hash %s.\nThe draw hasn't happened yet.\n",
			len(f.List), tickets, f.ListHash)
		return nil
	case err != nil:
		return err
	}
	fmt.Fprintf(env.out, "The draw is correct: %d people, %d tickets, hash %s.\n", len(f.List), tickets, f.ListHash)
	if f.Source.Kind == draw.SourceNamed {
		value := f.Randomness.Value
		fmt.Fprintf(env.out, "Check yourself that %q was the value of: %q\n", value, f.Source.Name)
		if plain := compete.DrawValue(value); plain != value {
			fmt.Fprintf(env.out, "Beware: it isn't written plainly, as %q, but as %+q. Others that read the same "+
				"could have been tried.\n", plain, value)
		}
		return nil
	}
	fmt.Fprintf(env.out, "Round %d of drand's quicknet decided it, published at %s and signed by that network.\n",
		f.Source.Round, draw.RoundTime(f.Source.Round).Format("2006-01-02 15:04:05 UTC"))
	return nil
}
