package fetch_test

import (
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// asked counts the requests to each host.
type asked struct {
	mu    sync.Mutex
	times map[string]int
}

func (a *asked) RoundTrip(req *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.times[req.URL.Host]++
	a.mu.Unlock()
	return http.DefaultTransport.RoundTrip(req)
}

// closed is the address of a server that is no more.
func closed(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A server that cannot be reached is asked once, and not for every file again.
func TestUnreachableHostComesLast(t *testing.T) {
	dead := closed(t)
	good := serve(t, func(w http.ResponseWriter, r *http.Request) { w.Write(content()) })
	counter := &asked{times: make(map[string]int)}
	c := client(t)
	c.Transport, c.Backoff = counter, 10*time.Second
	begin := time.Now()
	for range 20 {
		if _, err := c.ReadAll(t.Context(), limit, "http://"+dead+"/a", good+"/a"); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(begin); took > 5*time.Second || counter.times[dead] != 1 {
		t.Errorf("%s, and the server was asked %d times, want no pause, and once", took, counter.times[dead])
	}
}

// So is one that is broken, once it was tried as often as any.
func TestBrokenHostComesLast(t *testing.T) {
	broken := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	good := serve(t, func(w http.ResponseWriter, r *http.Request) { w.Write(content()) })
	counter := &asked{times: make(map[string]int)}
	c := client(t)
	c.Transport = counter
	for range 20 {
		if _, err := c.ReadAll(t.Context(), limit, broken+"/a", good+"/a"); err != nil {
			t.Fatal(err)
		}
	}
	if got := counter.times[broken[len("http://"):]]; got != c.Attempts {
		t.Errorf("the server was asked %d times, want %d", got, c.Attempts)
	}
}

// What only the server that failed has is still found there, with all attempts; and a file that a server lacks is no
// failure of the server.
func TestFailedHostIsStillAsked(t *testing.T) {
	dead := closed(t)
	empty := serve(t, http.NotFound)
	counter := &asked{times: make(map[string]int)}
	c := client(t)
	c.Transport = counter
	if _, err := c.ReadAll(t.Context(), limit, "http://"+dead+"/a", empty+"/a"); err == nil {
		t.Fatal("got a file that is nowhere")
	}
	if got := counter.times[dead]; got != 1+c.Attempts {
		t.Errorf("the server was asked %d times, want once and, after the others, %d times", got, c.Attempts)
	}
	good := serve(t, func(w http.ResponseWriter, r *http.Request) { w.Write(content()) })
	before := counter.times[empty[len("http://"):]]
	if _, err := c.ReadAll(t.Context(), limit, empty+"/b", good+"/b"); err != nil {
		t.Fatal(err)
	}
	if counter.times[empty[len("http://"):]] == before {
		t.Error("a server without one file was put last")
	}
}
