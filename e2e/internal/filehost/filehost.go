// Package filehost serves a folder over HTTP on loopback, counts what it is asked for, and can be switched off.
package filehost

import (
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// Traffic is what a host was asked for and sent.
type Traffic struct {
	Paths []string // one for each request, in their order
	Bytes int64    // of bodies
}

// Host is a running server.
type Host struct {
	URL string // http://127.0.0.1:PORT

	server *http.Server
	off    atomic.Bool
	bytes  atomic.Int64
	mu     sync.Mutex
	paths  []string
}

// Start serves the folder dir.
func Start(dir string) (*Host, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h := &Host{URL: "http://" + listener.Addr().String()}
	files := http.FileServer(http.Dir(dir))
	h.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.paths = append(h.paths, r.URL.Path)
		h.mu.Unlock()
		if h.off.Load() {
			// The client sees a connection that breaks off, as with a machine that is gone.
			panic(http.ErrAbortHandler)
		}
		files.ServeHTTP(&counter{w, &h.bytes}, r)
	})}
	go func() { _ = h.server.Serve(listener) }()
	return h, nil
}

// SwitchOff makes every later request fail. It is counted all the same.
func (h *Host) SwitchOff() { h.off.Store(true) }

// SwitchOn ends SwitchOff.
func (h *Host) SwitchOn() { h.off.Store(false) }

// Take returns the traffic since the last call.
func (h *Host) Take() Traffic {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := Traffic{Paths: h.paths, Bytes: h.bytes.Swap(0)}
	h.paths = nil
	return t
}

// Close ends the server.
func (h *Host) Close() error { return h.server.Close() }

type counter struct {
	http.ResponseWriter
	bytes *atomic.Int64
}

func (c *counter) Write(data []byte) (int, error) {
	n, err := c.ResponseWriter.Write(data)
	c.bytes.Add(int64(n))
	return n, err
}
