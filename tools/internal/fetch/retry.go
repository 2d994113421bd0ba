package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

// maxPause bounds a pause between attempts, also where the server asks for a longer one.
const maxPause = 30 * time.Second

// Retry says how often what failed is done again: the one policy for files, packages and registries. Its zero value
// does nothing again.
type Retry struct {
	// Attempts is how often something is done in all; at least 1.
	Attempts int
	// Wait is the pause before the second attempt; it doubles with each.
	Wait time.Duration
	// Notify, if set, is told of every attempt that failed and is not the last. It is called from the goroutines that
	// make them.
	Notify func(err error, pause time.Duration)
}

// Do calls f until it succeeds, fails in a way that does not pass, or has failed often enough.
func (r Retry) Do(ctx context.Context, f func() error) error {
	for attempt := 1; ; attempt++ {
		err := f()
		if err == nil {
			return nil
		}
		if err := r.pause(ctx, attempt, err); err != nil {
			return err
		}
	}
}

// pause waits after the failure of an attempt, the first of which is 1, or returns an error: that of the attempt if it
// was the last or will not pass, together with the context's if that has ended.
func (r Retry) pause(ctx context.Context, attempt int, err error) error {
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	if attempt >= r.Attempts || !Passing(err) {
		return err
	}
	pause := r.Wait << (attempt - 1)
	var status *StatusError
	if errors.As(err, &status) {
		pause = max(pause, status.RetryAfter)
	}
	pause = min(pause, maxPause)
	if r.Notify != nil {
		r.Notify(err, pause)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return errors.Join(ctx.Err(), err)
	case <-timer.C:
		return nil
	}
}

// Passing reports whether what failed with err may succeed if it is done again. Errors that know it themselves have a
// method Passing; of the others those of connections may pass.
func Passing(err error) bool {
	var knows interface{ Passing() bool }
	if errors.As(err, &knows) {
		return knows.Passing()
	}
	for _, passing := range []error{io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return false
}

// connectionError is an error of a connection, and not an answer.
type connectionError struct{ error }

func (e *connectionError) Unwrap() error { return e.error }

// Passing tells what a later connection cannot do better.
func (e *connectionError) Passing() bool {
	// What was to be sent could not be read, for a reason of its own.
	if knows := (interface{ Passing() bool })(nil); errors.As(e.error, &knows) {
		return knows.Passing()
	}
	var dns *net.DNSError
	if errors.As(e.error, &dns) && dns.IsNotFound && !dns.IsTemporary {
		return false
	}
	var helper *HelperError
	var cert *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	var path *fs.PathError
	return !errors.As(e.error, &helper) && !errors.As(e.error, &cert) && !errors.As(e.error, &authority) && !errors.As(e.error, &record) &&
		!errors.As(e.error, &path) && !errors.Is(e.error, context.Canceled)
}

// retryAfter is the pause that an answer asks for, in seconds or until a date, or 0.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), 3600)) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		// The server's own clock counts, where it shows one.
		if its, err := http.ParseTime(header.Get("Date")); err == nil {
			now = its
		}
		return max(date.Sub(now), 0)
	}
	return 0
}
