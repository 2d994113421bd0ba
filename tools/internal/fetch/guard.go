package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// Limits that servers are held to.
const (
	// maxErrorBody is how much of an answer that is an error is read.
	maxErrorBody = 64 << 10
	// slowest is how many bytes a second a body must have, on average over the time Guard.Stall.
	slowest = 512
	// answerTime is how many times Guard.Stall a server may think about what it was sent.
	answerTime = 10
)

// Guard is a transport that no server can keep waiting, or feed, for ever: connections that make no progress are cut,
// and of errors only the beginning is read. Its errors may pass or not, as Passing tells.
type Guard struct {
	// Base is the transport below. It must not decompress: what is signed are the compressed bytes.
	Base http.RoundTripper
	// UserAgent goes into requests, if set.
	UserAgent string
	// Stall is how long a connection may have next to no progress; 0 means for ever.
	Stall time.Duration
}

// stalledError says that a connection was cut.
type stalledError struct{ why string }

func (e *stalledError) Error() string { return e.why }

// Passing is true: another connection may be faster.
func (e *stalledError) Passing() bool { return true }

// RoundTrip implements http.RoundTripper.
func (g *Guard) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	watch := newWatch(g.Stall, func(after time.Duration) {
		cancel(&stalledError{fmt.Sprintf("the connection stalled: next to nothing in %s", after)})
	})
	req = req.Clone(ctx)
	if g.UserAgent != "" {
		req.Header.Set("User-Agent", g.UserAgent)
	}
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = &sent{ReadCloser: req.Body, watch: watch, left: req.ContentLength}
	}
	watch.start(1)
	resp, err := g.Base.RoundTrip(req)
	watch.stop()
	if err != nil {
		err = caused(ctx, err)
		cancel(nil)
		return nil, err
	}
	watch.reset()
	body := &received{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, watch: watch}
	resp.Body = body
	if resp.StatusCode >= 400 {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(body, maxErrorBody), body}
	}
	return resp, nil
}

// caused is the error of a connection, or why it was cut.
func caused(ctx context.Context, err error) error {
	var stalled *stalledError
	if errors.As(context.Cause(ctx), &stalled) {
		err = stalled
	}
	return &connectionError{err}
}

// received is a body whose connection is cut when there is no progress.
type received struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	watch  *watch
}

func (r *received) Read(p []byte) (int, error) {
	r.watch.start(1)
	n, err := r.ReadCloser.Read(p)
	// The reader may take its time with what it got.
	r.watch.stop()
	r.watch.progress(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = caused(r.ctx, err)
	}
	return n, err
}

func (r *received) Close() error {
	r.watch.stop()
	r.cancel(nil)
	return r.ReadCloser.Close()
}

// sent is a body on its way to a server: the time counts in which the server takes nothing of it.
type sent struct {
	io.ReadCloser
	watch *watch
	left  int64 // bytes, if that is known
}

func (s *sent) Read(p []byte) (int, error) {
	s.watch.stop()
	n, err := s.ReadCloser.Read(p)
	s.watch.progress(n)
	s.left -= int64(n)
	if err != nil || s.left == 0 {
		s.watch.start(answerTime)
	} else {
		s.watch.start(1)
	}
	return n, err
}

// watch measures the time that goes by without progress.
type watch struct {
	stall   time.Duration
	mu      sync.Mutex
	timer   *time.Timer
	waited  time.Duration // since the last progress
	since   time.Time     // when the watch was started, if it runs
	bytes   int64         // since the last progress
	expired func(after time.Duration)
}

func newWatch(stall time.Duration, expired func(after time.Duration)) *watch {
	return &watch{stall: stall, expired: expired}
}

// start lets time count; times is how much longer than usual it may take.
func (w *watch) start(times int) {
	if w.stall <= 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.halt()
	limit := w.stall * time.Duration(times)
	w.since = time.Now()
	w.timer = time.AfterFunc(limit-w.waited, func() { w.expired(limit) })
}

func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.halt()
}

func (w *watch) halt() {
	if w.timer == nil {
		return
	}
	w.timer.Stop()
	w.timer = nil
	w.waited += time.Since(w.since)
}

func (w *watch) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bytes, w.waited = 0, 0
}

// progress counts bytes. Enough of them make the waiting begin anew.
func (w *watch) progress(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bytes += int64(n); float64(w.bytes) >= slowest*w.stall.Seconds() {
		w.bytes, w.waited = 0, 0
	}
}
