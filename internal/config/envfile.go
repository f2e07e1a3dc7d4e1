package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/joho/godotenv"
)

// EnvFile is the optional file with settings in the working directory. setup.sh writes it, and Docker Compose reads it
// too.
const EnvFile = ".env"

// LoadEnvFile loads a file of NAME=value lines into the environment. Variables that are already set, even to an empty
// value, are kept. A missing file is not an error; the error for an unreadable one names the file, but quotes none of
// its content.
func LoadEnvFile(name string) error {
	values, err := godotenv.Read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if pathError := new(fs.PathError); errors.As(err, &pathError) {
		return fmt.Errorf("%s: %w", name, pathError.Err)
	}
	if err != nil {
		// the cause would quote a secret
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
