package regauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/docker/docker-credential-helpers/client"
	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/google/go-containerregistry/pkg/authn"
)

// prefix is what the names of all helper programs begin with.
const prefix = "docker-credential-"

// helperError is what is wrong with a helper.
type helperError struct {
	program, host string
	err           error
}

func (e *helperError) Error() string {
	return fmt.Sprintf("%s for %s: %v", e.program, e.host, e.err)
}

func (e *helperError) Unwrap() error { return e.err }

// Hint says what to do.
func (e *helperError) Hint() string {
	return fmt.Sprintf("see that %s is in PATH and works: echo %s | %s get; or take it out of the file and run: docker login %s", e.program, e.host, e.program, e.host)
}

// ask asks a helper for the credentials of a registry, by which name it keeps them. It returns nil where it has none.
func ask(ctx context.Context, suffix, host string) (*authn.AuthConfig, error) {
	if _, err := exec.LookPath(prefix + suffix); err != nil {
		return nil, &helperError{prefix + suffix, host, errors.New("is not in PATH")}
	}
	creds, err := client.Get(func(args ...string) client.Program {
		cmd := exec.CommandContext(ctx, prefix+suffix, args...)
		cmd.WaitDelay = time.Second
		return &program{cmd}
	}, host)
	if credentials.IsErrCredentialsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, &helperError{prefix + suffix, host, err}
	}
	if creds.Username == "" && creds.Secret == "" {
		return nil, nil
	}
	// That is how Docker says that the secret is no password.
	if creds.Username == "<token>" {
		return &authn.AuthConfig{IdentityToken: creds.Secret}, nil
	}
	return &authn.AuthConfig{Username: creds.Username, Password: creds.Secret}, nil
}

// program is a helper that runs.
type program struct{ cmd *exec.Cmd }

func (p *program) Output() ([]byte, error) { return p.cmd.Output() }
func (p *program) Input(in io.Reader)      { p.cmd.Stdin = in }

// cloudHelpers are the helpers that clouds have for their registries. They need no entry in a file.
var cloudHelpers = []struct {
	host     *regexp.Regexp
	programs []string
}{
	{regexp.MustCompile(`^(public\.ecr\.aws|\d+\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws))$`), []string{"ecr-login"}},
	{regexp.MustCompile(`^(([a-z-]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev)$`), []string{"gcr", "gcloud"}},
	{regexp.MustCompile(`^[a-z0-9-]+\.azurecr\.(io|cn|us)$`), []string{"acr-env", "acr-login"}},
}

// cloud asks the helper of the cloud whose registry this is. Whatever is wrong with it need not matter: much in these
// registries is for everybody.
func (k Keychain) cloud(ctx context.Context, host string) *authn.AuthConfig {
	for _, c := range cloudHelpers {
		if !c.host.MatchString(strings.ToLower(host)) {
			continue
		}
		for _, suffix := range c.programs {
			if _, err := exec.LookPath(prefix + suffix); err != nil {
				continue
			}
			config, err := ask(ctx, suffix, host)
			if err != nil {
				k.say("%v; going on without it", err)
			}
			if config != nil {
				return config
			}
		}
	}
	return nil
}
