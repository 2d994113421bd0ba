package fetch

import (
	"errors"
	"net"
	"net/url"
	"slices"
	"sync"

	"github.com/rules-apk/rules_apk/tools/internal/urlpath"
)

// hosts remembers which servers failed, for the rest of a run. Its zero value knows none.
type hosts struct {
	mu      sync.Mutex
	failing map[string]bool
}

// host is empty for what is no URL of a server.
func host(location string) string {
	if !urlpath.IsRemote(location) {
		return ""
	}
	u, err := url.Parse(location)
	if err != nil {
		return ""
	}
	return u.Host
}

// failed notes that the server of a location did not answer, or not with what was asked for or that it has none.
func (h *hosts) failed(location string, err error) {
	if name := host(location); name != "" && (unreachable(err) || Passing(err)) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.failing == nil {
			h.failing = make(map[string]bool)
		}
		h.failing[name] = true
	}
}

// order puts locations on servers that failed last, and leaves them in their order otherwise.
func (h *hosts) order(locations []string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	ordered := slices.Clone(locations)
	slices.SortStableFunc(ordered, func(a, b string) int {
		return rank(h.failing[host(a)]) - rank(h.failing[host(b)])
	})
	return ordered
}

func rank(failing bool) int {
	if failing {
		return 1
	}
	return 0
}

// unreachable tells that there was no connection at all: somebody else is asked before that is tried again.
func unreachable(err error) bool {
	var operation *net.OpError
	var dns *net.DNSError
	return errors.As(err, &dns) || errors.As(err, &operation) && operation.Op == "dial"
}
