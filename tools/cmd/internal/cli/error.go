package cli

import (
	"errors"
	"fmt"
)

// UsageError says that a program was not called as it wants to be.
type UsageError struct{ message string }

func (e *UsageError) Error() string { return e.message }

// Usagef makes a UsageError.
func Usagef(format string, args ...any) error {
	return &UsageError{fmt.Sprintf(format, args...)}
}

// Exit is an error that was told already: the process ends with this code.
type Exit int

func (e Exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// Hinted returns err with advice for who reads it.
func Hinted(err error, hint string) error { return &hinted{err, hint} }

type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

// Hint says what to do.
func (h *hinted) Hint() string { return h.hint }

// hintOf is the hint that an error has, by its method Hint or by advice.
func hintOf(err error, advice func(error) string) string {
	var hinting interface{ Hint() string }
	if errors.As(err, &hinting) && hinting.Hint() != "" {
		return hinting.Hint()
	}
	if advice == nil {
		return ""
	}
	return advice(err)
}
