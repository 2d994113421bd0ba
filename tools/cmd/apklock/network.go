package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/fetch"
)

// jobs is how many files are fetched at once.
const jobs = 8

// keepPackages is how long a stored package is kept after its last use.
const keepPackages = 30 * 24 * time.Hour

// networkOptions are the flags of all commands that use the network.
type networkOptions struct {
	helpers listFlag
}

func (o *networkOptions) define(flags *flag.FlagSet) {
	flags.Var(&o.helpers, "credential-helper", "`HOST=PROGRAM`: the program, a credential helper as Bazel's, knows the credentials for exactly that host; may be repeated")
}

// network is how this process reads files.
type network struct {
	fetcher *fetch.Client
	// packages is nil where there is no folder for caches.
	packages *fetch.Store
}

// open returns the network, which tells of retries on w. The environment gives
// it proxies, credentials and the folder for caches.
func (o *networkOptions) open(w io.Writer) (*network, error) {
	credentials, err := o.credentials()
	if err != nil {
		return nil, err
	}
	n := &network{fetcher: &fetch.Client{
		Transport: &fetch.Authorizer{
			Base: &http.Transport{
				Proxy:                 http.ProxyFromEnvironment,
				DialContext:           (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
				TLSHandshakeTimeout:   15 * time.Second,
				ResponseHeaderTimeout: 60 * time.Second,
				MaxIdleConnsPerHost:   jobs,
				ForceAttemptHTTP2:     true,
				DisableCompression:    true,
			},
			Credentials: credentials,
		},
		UserAgent: "apklock (rules_apk)",
		Attempts:  4,
		Backoff:   500 * time.Millisecond,
		Stall:     60 * time.Second,
		Notify:    func(message string) { fmt.Fprintf(w, "apklock: %s\n", message) },
	}}
	// Without a home folder, as in some containers, nothing is kept.
	if cache, err := os.UserCacheDir(); err == nil {
		cache = filepath.Join(cache, "rules_apk", "apklock")
		n.fetcher.Copies = filepath.Join(cache, "indexes")
		n.packages = &fetch.Store{Client: n.fetcher, Dir: filepath.Join(cache, "packages")}
		if err := n.packages.Prune(time.Now().Add(-keepPackages)); err != nil {
			return nil, fmt.Errorf("removing old packages from the cache: %w", err)
		}
	}
	return n, nil
}

// credentials are asked in this order: helpers, HTTP_AUTH, netrc.
func (o *networkOptions) credentials() ([]fetch.Credentials, error) {
	var all []fetch.Credentials
	for _, text := range o.helpers {
		host, program, ok := strings.Cut(text, "=")
		if !ok || host == "" || program == "" || strings.Contains(host, "*") {
			return nil, usagef("--credential-helper is %q, want HOST=PROGRAM with one exact host", text)
		}
		if strings.Contains(program, "/") {
			program = workingPath(program)
		}
		all = append(all, &fetch.Helper{Host: host, Program: program})
	}
	if value := os.Getenv("HTTP_AUTH"); value != "" {
		c, err := fetch.ParseHTTPAuth(value)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	c, err := readNetrc()
	if c != nil {
		all = append(all, c)
	}
	return all, err
}

// readNetrc reads the file that NETRC names, or else ~/.netrc if there is one.
func readNetrc() (fetch.Credentials, error) {
	path, named := os.LookupEnv("NETRC")
	if !named || path == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, nil
		}
		path, named = filepath.Join(home, ".netrc"), false
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := fetch.ParseNetrc(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}
