package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/joho/godotenv"
)

// EnvFile is where settings may be written down, in the working directory. setup.sh writes it, and Docker Compose reads
// it too.
const EnvFile = ".env"

// LoadEnvFile puts the variables of a file of NAME=value lines into the environment. What the environment has already,
// even if it is empty, stays as it is. A file that isn't there is none; one that can't be read is named, without a word
// of what it holds.
func LoadEnvFile(name string) error {
	values, err := godotenv.Read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if pathError := new(fs.PathError); errors.As(err, &pathError) {
		return fmt.Errorf("%s: %w", name, pathError.Err)
	}
	if err != nil {
		// the reason would repeat a secret
		return fmt.Errorf(
			"%s must have lines of the form NAME=value; put quotes around values with spaces or special characters",
			name,
		)
	}
	for variable, value := range values {
		if _, set := os.LookupEnv(variable); set {
			continue
		}
		if err := os.Setenv(variable, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
