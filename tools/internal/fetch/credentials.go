package fetch

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strconv"
	"strings"

	netrc "github.com/jdx/go-netrc"
)

// Credentials know the headers that requests to a host need.
type Credentials interface {
	// Headers returns nil for a host that it does not know. Its error must not contain secrets.
	Headers(ctx context.Context, u *url.URL) (http.Header, error)
}

// An Authorizer adds credentials to requests: for each request by its own host, so that a redirection to another host
// takes none along.
type Authorizer struct {
	Base http.RoundTripper
	// Credentials are asked in order; the first that know the host count.
	Credentials []Credentials
}

// RoundTrip implements http.RoundTripper.
func (a *Authorizer) RoundTrip(req *http.Request) (*http.Response, error) {
	for _, c := range a.Credentials {
		headers, err := c.Headers(req.Context(), req.URL)
		if err != nil {
			return nil, err
		}
		if headers == nil {
			continue
		}
		// A RoundTripper must not change the request that it is given.
		req = req.Clone(req.Context())
		for name, values := range headers {
			req.Header[http.CanonicalHeaderKey(name)] = values
		}
		break
	}
	return a.Base.RoundTrip(req)
}

// hostPassword is a user and password for one host.
type hostPassword struct {
	host, user, password string
}

func (h *hostPassword) Headers(_ context.Context, u *url.URL) (http.Header, error) {
	if !isHost(u, h.host) {
		return nil, nil
	}
	return basic(h.user, h.password), nil
}

// isHost compares exactly: "example.com" is no host of its subdomains, and "example.com:8080" is one on that port only.
func isHost(u *url.URL, host string) bool {
	return strings.EqualFold(u.Host, host) || strings.EqualFold(u.Hostname(), strings.Trim(host, "[]"))
}

func basic(user, password string) http.Header {
	encoded := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	return http.Header{"Authorization": {"Basic " + encoded}}
}

// ParseHTTPAuth reads the value of HTTP_AUTH: "basic:HOST:USER:PASSWORD", where HOST may have a port. What looks like
// one is one if a user and a password follow.
func ParseHTTPAuth(value string) (Credentials, error) {
	wrong := errors.New("HTTP_AUTH: want basic:HOST:USER:PASSWORD or basic:HOST:PORT:USER:PASSWORD")
	rest, ok := strings.CutPrefix(value, "basic:")
	host, rest, found := strings.Cut(rest, ":")
	if strings.HasPrefix(host, "[") {
		// The address of IPv6 has colons.
		var after string
		host, after, found = strings.Cut(host+":"+rest, "]")
		if !found || !strings.HasPrefix(after, ":") {
			return nil, wrong
		}
		host, rest = host+"]", after[1:]
	}
	if !ok || !found {
		return nil, wrong
	}
	if host == "" || host == "*" {
		return nil, fmt.Errorf("HTTP_AUTH: host is %q, want the name of one host, as others must not see the password", host)
	}
	user, password, found := strings.Cut(rest, ":")
	if port, err := strconv.ParseUint(user, 10, 16); err == nil && port > 0 && strings.Contains(password, ":") {
		host += ":" + user
		user, password, _ = strings.Cut(password, ":")
	}
	if !found || user == "" {
		return nil, wrong
	}
	return &hostPassword{host: host, user: user, password: password}, nil
}

type netrcFile struct {
	file *netrc.Netrc
}

// ParseNetrc reads a netrc file. Its "default" entry is not used: it is for no host in particular.
func ParseNetrc(text string) (Credentials, error) {
	file, err := netrc.ParseString(text)
	if err != nil {
		// Its errors may quote the file.
		return nil, errors.New("netrc: cannot be parsed; want lines such as: machine HOST login USER password PASSWORD")
	}
	return &netrcFile{file}, nil
}

func (n *netrcFile) Headers(_ context.Context, u *url.URL) (http.Header, error) {
	machine := n.file.Machine(u.Hostname())
	if machine == nil || machine.Name != u.Hostname() {
		return nil, nil
	}
	return basic(machine.Get("login"), machine.Get("password")), nil
}

// A Helper is a credential helper as Bazel has them: a program that is called with the argument "get", a URI as JSON on
// its standard input, and that answers with headers. It is specified in
// https://github.com/EngFlow/credential-helper-spec.
type Helper struct {
	Host    string
	Program string
}

// Headers runs the program.
func (h *Helper) Headers(ctx context.Context, u *url.URL) (http.Header, error) {
	if !isHost(u, h.Host) {
		return nil, nil
	}
	request, err := json.Marshal(map[string]string{"uri": u.String()})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, h.Program, "get")
	cmd.Stdin = bytes.NewReader(request)
	// Its standard error may hold secrets: it is not repeated.
	answer, err := cmd.Output()
	if err != nil {
		return nil, &HelperError{h, err}
	}
	var response struct {
		Headers map[string][]string `json:"headers"`
	}
	if err := json.Unmarshal(answer, &response); err != nil {
		return nil, &HelperError{h, errors.New("its answer is not JSON; want {\"headers\": {…}}")}
	}
	return response.Headers, nil
}

// HelperError says that a credential helper did not do its work.
type HelperError struct {
	Helper *Helper
	err    error
}

func (e *HelperError) Error() string {
	return fmt.Sprintf("credential helper %s for %s: %v", e.Helper.Program, e.Helper.Host, e.err)
}

func (e *HelperError) Unwrap() error { return e.err }
