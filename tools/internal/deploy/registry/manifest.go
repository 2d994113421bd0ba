package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// maxManifest bounds manifests and indexes. The specification wants registries to take 4 MiB.
const maxManifest = 8 << 20

// Manifest is a manifest or an index, byte for byte.
type Manifest struct {
	Raw  []byte
	Type types.MediaType
}

// Digest is that of the bytes.
func (m Manifest) Digest() v1.Hash {
	digest, _, _ := v1.SHA256(bytes.NewReader(m.Raw))
	return digest
}

func (r *Repository) manifestRequest(ctx context.Context, method string, ref name.Reference, body []byte) (*http.Request, error) {
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, r.url("manifests", ref.Identifier()).String(), reader)
	if err != nil {
		return nil, err
	}
	var accept []string
	for _, t := range []types.MediaType{types.OCIImageIndex, types.OCIManifestSchema1, types.DockerManifestList, types.DockerManifestSchema2} {
		accept = append(accept, string(t))
	}
	// Some proxies take nothing but what they know, others want to hear that everything will do.
	req.Header.Set("Accept", strings.Join(append(accept, "*/*;q=0.1"), ", "))
	return req, nil
}

// HasManifest asks whether ref, a tag or a digest of the repository, is the manifest with that digest.
func (r *Repository) HasManifest(ctx context.Context, ref name.Reference, digest v1.Hash) (bool, error) {
	var found bool
	err := r.retry(ctx, func() error {
		got, err := r.manifestDigest(ctx, ref)
		if wrong := (*wrongError)(nil); unknown(err) || errors.As(err, &wrong) {
			return nil
		}
		found = err == nil && got == digest
		return err
	})
	if err != nil {
		return false, r.fail("asking for "+ref.Identifier(), err)
	}
	return found, nil
}

// manifestDigest asks for the digest with HEAD. What does not answer it is asked for the manifest itself.
func (r *Repository) manifestDigest(ctx context.Context, ref name.Reference) (v1.Hash, error) {
	req, err := r.manifestRequest(ctx, http.MethodHead, ref, nil)
	if err != nil {
		return v1.Hash{}, err
	}
	resp, err := r.main.do(req)
	if err != nil {
		return v1.Hash{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		digest, err := v1.NewHash(resp.Header.Get("Docker-Content-Digest"))
		if _, tag := ref.(name.Tag); err == nil && (tag || digest.String() == ref.Identifier()) {
			return digest, nil
		}
	} else if err := answerError(resp); !unknown(err) || resp.StatusCode == http.StatusNotFound {
		return v1.Hash{}, err
	}
	m, err := r.get(ctx, ref)
	if err != nil {
		return v1.Hash{}, err
	}
	return m.Digest(), nil
}

// PutManifest writes a manifest under ref, a tag or its digest. Afterwards it is there.
func (r *Repository) PutManifest(ctx context.Context, ref name.Reference, m Manifest) error {
	err := r.retry(ctx, func() error {
		req, err := r.manifestRequest(ctx, http.MethodPut, ref, m.Raw)
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", string(m.Type))
		resp, err := r.main.do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			return answerError(resp)
		}
		if resp.StatusCode == http.StatusCreated && says(resp, m.Digest()) {
			return nil
		}
		// Whatever answers this may be no registry.
		got, err := r.manifestDigest(ctx, ref)
		if err != nil || got != m.Digest() {
			return &notThereError{answer: resp.Status, what: "manifest " + m.Digest().String(), err: err}
		}
		return nil
	})
	if err != nil {
		return r.fail("writing manifest "+ref.Identifier(), err)
	}
	return nil
}

// says tells whether an answer names this digest, or none: it need not.
func says(resp *http.Response, digest v1.Hash) bool {
	got := resp.Header.Get("Docker-Content-Digest")
	return got == "" || got == digest.String()
}

// notThereError says that something was taken, and is not there.
type notThereError struct {
	answer, what string
	err          error
}

func (e *notThereError) Error() string {
	text := fmt.Sprintf("answered %s, but %s is not there afterwards", e.answer, e.what)
	if e.err != nil {
		text += fmt.Sprintf(" (%v)", e.err)
	}
	return text
}

// Hint says what to do.
func (e *notThereError) Hint() string {
	return "what answers may be no registry, or a proxy or a login page before it: check the name"
}

// RefusesDigests tells whether PutManifest failed as it does in registries that take no manifest by its digest, but by
// a tag.
func RefusesDigests(err error) bool {
	var answer *Answer
	if !errors.As(err, &answer) || answer.Method != http.MethodPut || answer.has("MANIFEST_BLOB_UNKNOWN", "MANIFEST_INVALID", "DENIED", "NAME_UNKNOWN") {
		return false
	}
	switch answer.Code {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	}
	return answer.has("TAG_INVALID", "UNSUPPORTED")
}

// Get reads the manifest or index that ref, a tag or a digest, names.
func (r *Repository) Get(ctx context.Context, ref name.Reference) (*Manifest, error) {
	var m *Manifest
	err := r.retry(ctx, func() (err error) {
		m, err = r.get(ctx, ref)
		return err
	})
	if err != nil {
		return nil, r.fail("reading manifest "+ref.Identifier(), err)
	}
	return m, nil
}

func (r *Repository) get(ctx context.Context, ref name.Reference) (*Manifest, error) {
	req, err := r.manifestRequest(ctx, http.MethodGet, ref, nil)
	if err != nil {
		return nil, err
	}
	resp, err := r.main.do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, answerError(resp)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxManifest+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxManifest {
		return nil, &wrongError{fmt.Sprintf("the manifest is larger than %d bytes, want at most that", maxManifest)}
	}
	m := &Manifest{Raw: raw}
	want := resp.Header.Get("Docker-Content-Digest")
	if _, ok := ref.(name.Digest); ok {
		want = ref.Identifier()
	}
	if got := m.Digest().String(); want != "" && strings.HasPrefix(want, "sha256:") && got != want {
		return nil, &wrongError{fmt.Sprintf("the manifest is %s (%d bytes), want %s", got, len(raw), want)}
	}
	m.Type, err = mediaType(resp.Header.Get("Content-Type"), raw)
	return m, err
}

// wrongError says that an answer is not what it should be.
type wrongError struct{ text string }

func (e *wrongError) Error() string { return e.text }

// mediaType is what the manifest says it is, or else what the registry says.
func mediaType(header string, raw []byte) (types.MediaType, error) {
	var m struct {
		SchemaVersion int             `json:"schemaVersion"`
		MediaType     types.MediaType `json:"mediaType"`
		Manifests     json.RawMessage `json:"manifests"`
		Config        json.RawMessage `json:"config"`
	}
	if err := json.Unmarshal(raw, &m); err != nil || m.SchemaVersion != 2 || m.Manifests == nil && m.Config == nil {
		return "", &wrongError{"the answer is no manifest and no index: want JSON with schemaVersion 2, and config or manifests"}
	}
	if m.MediaType != "" {
		return m.MediaType, nil
	}
	said, _, err := mime.ParseMediaType(header)
	if t := types.MediaType(said); err == nil && (t.IsIndex() || t.IsImage()) {
		return t, nil
	}
	if m.Manifests != nil {
		return types.OCIImageIndex, nil
	}
	return types.OCIManifestSchema1, nil
}
