// Package network is what the network needs of a program's environment: credentials and the folder for caches.
package network

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/regauth"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/registry"
	"github.com/rules-apk/rules_apk/tools/internal/fetch"
)

// Jobs is how many files are fetched at once.
const Jobs = 8

// How often, and after how long, what failed is tried again.
const (
	attempts = 4
	wait     = 500 * time.Millisecond
)

// dialTimeout is how long a server has to take a connection: long enough for two lost packets, and short enough to be
// waited for where packets to a server that is down are dropped.
const dialTimeout = 5 * time.Second

// Options are the flags of commands that fetch packages.
type Options struct {
	helpers cli.List
}

// Define adds the flags.
func (o *Options) Define(flags *flag.FlagSet) {
	flags.Var(&o.helpers, "credential-helper", "`HOST=PROGRAM`: the program, a credential helper as Bazel's, knows the credentials for exactly that host; may be repeated")
}

// RegistryOptions are the flags of commands that speak to registries.
type RegistryOptions struct {
	// Insecure are registries that are spoken to without TLS.
	Insecure cli.List
}

// Define adds the flags.
func (o *RegistryOptions) Define(flags *flag.FlagSet) {
	flags.Var(&o.Insecure, "insecure", "speak to `REGISTRY` (host or host:port) without TLS, as to those on a loopback address; may be repeated")
}

// Network makes clients for one process.
type Network struct {
	Program string // its name
	Process *cli.Process
	// Say is told of every attempt that failed.
	Say func(format string, args ...any)
}

// Files is a client for files of any server, with the credentials that Bazel would use, too.
func (n *Network) Files(o Options) (*fetch.Client, error) {
	credentials, err := n.credentials(o)
	if err != nil {
		return nil, err
	}
	return &fetch.Client{
		Transport: &fetch.Authorizer{Base: transport(), Credentials: credentials},
		UserAgent: n.Program + " (rules_apk)",
		Attempts:  attempts,
		Backoff:   wait,
		Stall:     time.Minute,
		Notify:    func(message string) { n.Say("%s", message) },
	}, nil
}

// Registries is a client for registries, with the credentials of Docker and podman.
func (n *Network) Registries(o RegistryOptions) *registry.Client {
	return &registry.Client{
		Transport: transport(), Keychain: regauth.Keychain{Sources: n.logins(), Say: n.Say}, Stall: time.Minute, Insecure: o.Insecure,
		Retry: fetch.Retry{Attempts: attempts, Wait: wait, Notify: func(err error, pause time.Duration) {
			n.Say("trying again in %s: %v", pause, err)
		}},
	}
}

func transport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: 15 * time.Second,
		MaxIdleConnsPerHost: Jobs,
		ForceAttemptHTTP2:   true,
		DisableCompression:  true,
	}
}

// home is the user's home directory. Actions of a build have no HOME; the machine's accounts tell it, too.
func (n *Network) home() string {
	if home := n.Process.Getenv("HOME"); home != "" {
		return home
	}
	if u, err := user.Current(); err == nil {
		return u.HomeDir
	}
	return ""
}

// CacheDir is the folder for what this program keeps between its runs, or "" where there is no home.
func (n *Network) CacheDir() string {
	dir := n.Process.Getenv("XDG_CACHE_HOME")
	if dir == "" || !filepath.IsAbs(dir) {
		// The same place that os.UserCacheDir tells.
		user, err := os.UserCacheDir()
		if err != nil {
			return ""
		}
		dir = user
	}
	return filepath.Join(dir, "rules_apk", n.Program)
}

// logins are where Docker and podman keep credentials, in the order in which they count.
func (n *Network) logins() []regauth.Source {
	var sources []regauth.Source
	if content := n.Process.Getenv("DOCKER_AUTH_CONFIG"); content != "" {
		sources = append(sources, regauth.Source{Name: "DOCKER_AUTH_CONFIG", Content: []byte(content)})
	}
	add := func(dir string, rest ...string) {
		if dir != "" {
			sources = append(sources, regauth.Source{Name: filepath.Join(append([]string{dir}, rest...)...)})
		}
	}
	home := n.home()
	add(n.Process.Getenv("REGISTRY_AUTH_FILE"))
	if dir := n.Process.Getenv("DOCKER_CONFIG"); dir != "" {
		add(dir, "config.json")
	} else {
		add(home, ".docker", "config.json")
	}
	add(n.Process.Getenv("XDG_RUNTIME_DIR"), "containers", "auth.json")
	if dir := n.Process.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		add(dir, "containers", "auth.json")
	} else {
		add(home, ".config", "containers", "auth.json")
	}
	return sources
}

// credentials are asked in this order: helpers, HTTP_AUTH, netrc.
func (n *Network) credentials(o Options) ([]fetch.Credentials, error) {
	var all []fetch.Credentials
	for _, text := range o.helpers {
		host, program, ok := strings.Cut(text, "=")
		if !ok || host == "" || program == "" || strings.Contains(host, "*") {
			return nil, cli.Usagef("--credential-helper is %q, want HOST=PROGRAM with one exact host", text)
		}
		if strings.Contains(program, "/") {
			program = n.Process.Path(program)
		}
		all = append(all, &fetch.Helper{Host: host, Program: program})
	}
	if value := n.Process.Getenv("HTTP_AUTH"); value != "" {
		c, err := fetch.ParseHTTPAuth(value)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	c, err := n.netrc()
	if c != nil {
		all = append(all, c)
	}
	return all, err
}

// netrc reads the file that NETRC names, or else ~/.netrc if there is one.
func (n *Network) netrc() (fetch.Credentials, error) {
	path := n.Process.Getenv("NETRC")
	named := path != ""
	if !named {
		home := n.home()
		if home == "" {
			return nil, nil
		}
		path = filepath.Join(home, ".netrc")
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
