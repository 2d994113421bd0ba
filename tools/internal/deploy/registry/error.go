package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociblob"
)

// Error is what went wrong with a repository.
type Error struct {
	Repository string
	Doing      string // "uploading layer …"
	Err        error
	hint       string
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s: %v", e.Repository, e.Doing, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Hint says what to do; it may be empty.
func (e *Error) Hint() string { return e.hint }

// fail puts the repository and what was being done to an error. What the bytes
// of a blob are to blame for stays as it is: it is not the registry's fault.
func (r *Repository) fail(doing string, err error) error {
	var corrupt *ociblob.CorruptError
	var missing *ociblob.MissingError
	switch {
	case errors.As(err, &corrupt):
		return corrupt
	case errors.As(err, &missing):
		return missing
	case errors.Is(err, context.Canceled):
		return err
	}
	return &Error{Repository: r.Name.Name(), Doing: doing, Err: err, hint: r.hint(doing, err)}
}

func (r *Repository) hint(doing string, err error) string {
	registry := r.Name.RegistryStr()
	var answer *transport.Error
	if errors.As(err, &answer) {
		switch answer.StatusCode {
		case http.StatusUnauthorized:
			return fmt.Sprintf("user name or password for %s is wrong or missing; run: docker login %s (or podman login), or set up its credential helper", registry, registry)
		case http.StatusForbidden:
			return fmt.Sprintf("the account that is logged in to %s has no right to this; ask its owner, or log in with another", registry)
		case http.StatusMethodNotAllowed:
			return fmt.Sprintf("%s is read-only, or %s is; push to another repository with --repository", registry, r.Name.RepositoryStr())
		case http.StatusNotFound:
			if strings.HasPrefix(doing, "reading") || strings.HasPrefix(doing, "downloading") {
				return fmt.Sprintf("%s has no such image in %s, or hides it; check the name, and log in if it is private", registry, r.Name.RepositoryStr())
			}
			return fmt.Sprintf("%s may want the repository %s to be created first", registry, r.Name.RepositoryStr())
		case http.StatusRequestEntityTooLarge:
			return fmt.Sprintf("%s, or a proxy before it, takes no blob of this size", registry)
		}
		return ""
	}
	var network net.Error
	if errors.As(err, &network) || temporary(err) {
		return fmt.Sprintf("%s cannot be reached, or went away in the middle; try again: what is already uploaded stays there", registry)
	}
	return ""
}
