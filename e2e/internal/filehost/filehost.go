// Package filehost serves a folder over HTTP on loopback, counts what it is
// asked for, and can be switched off.
package filehost

import (
	"net"
	"net/http"
	"sync/atomic"
)

// Traffic is what a host was asked for and sent.
type Traffic struct {
	Requests int64
	Bytes    int64 // of bodies
}

// Host is a running server.
type Host struct {
	URL string // http://127.0.0.1:PORT

	server          *http.Server
	off             atomic.Bool
	requests, bytes atomic.Int64
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
		h.requests.Add(1)
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
	return Traffic{Requests: h.requests.Swap(0), Bytes: h.bytes.Swap(0)}
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
