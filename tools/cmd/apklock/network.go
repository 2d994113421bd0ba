package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/fetch"
)

// jobs is how many files are fetched at once.
const jobs = 8

// newFetcher returns a client that tells of its retries on w.
func newFetcher(w io.Writer) *fetch.Client {
	return &fetch.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
			TLSHandshakeTimeout:   15 * time.Second,
			ResponseHeaderTimeout: 60 * time.Second,
			MaxIdleConnsPerHost:   jobs,
			ForceAttemptHTTP2:     true,
			DisableCompression:    true,
		},
		UserAgent: "apklock (rules_apk)",
		Attempts:  4,
		Backoff:   500 * time.Millisecond,
		Stall:     60 * time.Second,
		Notify:    func(message string) { fmt.Fprintf(w, "apklock: %s\n", message) },
	}
}
