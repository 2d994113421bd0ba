package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociblob"
	"github.com/rules-apk/rules_apk/tools/internal/fetch"
)

// Answer is an answer of a registry or token server that is not what was asked for.
type Answer struct {
	fetch.StatusError
	Method, URL string // of the request; without query
	Codes       []Code
	text        string // what the answer says, where it is no list of codes
}

// Code is one of the errors in an answer.
type Code struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (e *Answer) Error() string {
	text := fmt.Sprintf("%d %s", e.Code, http.StatusText(e.Code))
	if e.Method != "" {
		text = e.Method + " " + e.URL + ": " + text
	}
	for i, c := range e.Codes {
		if i == maxCodes {
			return text + fmt.Sprintf("; and %d more", len(e.Codes)-i)
		}
		text += ": " + short(strings.TrimSuffix(c.Code+": "+c.Message, ": "))
	}
	if len(e.Codes) == 0 && e.text != "" {
		text += ": " + short(e.text)
	}
	return text
}

// The most that an error repeats of what a server says.
const (
	maxCodes = 3
	maxText  = 300
)

// short makes one line of a text, and not a long one.
func short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}

// Unwrap gives the status.
func (e *Answer) Unwrap() error { return &e.StatusError }

// Passing reports whether a later request may have another answer.
func (e *Answer) Passing() bool {
	if e.Code == http.StatusMethodNotAllowed || e.Code == http.StatusUnauthorized {
		return false
	}
	// An upload that got lost is begun anew. A manifest may come before the registry has noticed the last of its blobs.
	return e.StatusError.Passing() ||
		e.has("TOOMANYREQUESTS", "UNAVAILABLE", "UNKNOWN", "BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID", "MANIFEST_BLOB_UNKNOWN")
}

// has tells whether the answer has one of these codes.
func (e *Answer) has(codes ...string) bool {
	return slices.ContainsFunc(e.Codes, func(c Code) bool { return slices.Contains(codes, c.Code) })
}

// answerError is the error of an answer, whose body it reads.
func answerError(resp *http.Response) error {
	e := &Answer{StatusError: *fetch.NewStatusError(resp), Method: resp.Request.Method}
	u := *resp.Request.URL
	u.RawQuery, u.User = "", nil
	e.URL = u.String()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return e
	}
	var parsed struct{ Errors []Code }
	if json.Unmarshal(body, &parsed) == nil && len(parsed.Errors) > 0 {
		e.Codes = parsed.Errors
	} else if !strings.Contains(resp.Header.Get("Content-Type"), "html") {
		e.text = string(body)
	}
	return e
}

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

func hintOf(err error) string {
	var hinting interface{ Hint() string }
	if errors.As(err, &hinting) {
		return hinting.Hint()
	}
	return ""
}

// fail puts the repository and what was being done to an error. What the bytes of a blob are to blame for stays as it
// is: it is not the registry's fault.
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
	var answer *Answer
	if errors.As(err, &answer) {
		return r.answerHint(doing, answer)
	}
	if hint := hintOf(err); hint != "" {
		return hint
	}
	if strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return fmt.Sprintf("%s speaks without TLS: if that is meant, say --insecure=%s, or set insecure_registries in the rule", registry, registry)
	}
	var network net.Error
	if errors.As(err, &network) || fetch.Passing(err) {
		return fmt.Sprintf("%s cannot be reached, or went away in the middle; try again: what is already uploaded stays there", registry)
	}
	return ""
}

func (r *Repository) answerHint(doing string, answer *Answer) string {
	registry := r.Name.RegistryStr()
	switch answer.Code {
	case http.StatusUnauthorized:
		return fmt.Sprintf("user name or password for %s is wrong or missing; run: docker login %s (or podman login), or set up its credential helper", registry, registry)
	case http.StatusForbidden:
		return fmt.Sprintf("the account that is logged in to %s has no right to this; ask its owner, or log in with another", registry)
	case http.StatusMethodNotAllowed:
		if answer.Method != http.MethodPost && answer.Method != http.MethodPut {
			return ""
		}
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

// status is the status of the answer that an error is, or 0.
func status(err error) int {
	var answer *Answer
	if errors.As(err, &answer) {
		return answer.Code
	}
	return 0
}

// unknown tells answers to the question for something that leave only one thing to do: to take it as not being there. A
// 401 is none, as everything else would fail with it, too.
func unknown(err error) bool {
	code := status(err)
	return code >= 400 && code < 500 && code != http.StatusUnauthorized && !fetch.Passing(err) ||
		code == http.StatusNotImplemented
}
