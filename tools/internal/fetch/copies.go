package fetch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rules-apk/rules_apk/tools/internal/atomicfile"
	"github.com/rules-apk/rules_apk/tools/internal/urlpath"
)

// A fileCopy is what was read from a URL before.
type fileCopy struct {
	url, etag string
	data      []byte
}

// copyHeader is the first line of a copy's file; the data follows.
type copyHeader struct {
	URL    string `json:"url"`
	ETag   string `json:"etag"`
	SHA256 string `json:"sha256"`
}

func (c *Client) copyPath(url string) string {
	sum := sha256.Sum256([]byte(url))
	return filepath.Join(c.Copies, hex.EncodeToString(sum[:]))
}

// loadCopy returns nil where there is no sound copy: then the file is read again.
func (c *Client) loadCopy(url string) *fileCopy {
	if c.Copies == "" || !urlpath.IsRemote(url) {
		return nil
	}
	content, err := os.ReadFile(c.copyPath(url))
	if err != nil {
		return nil
	}
	line, data, _ := bytes.Cut(content, []byte("\n"))
	var h copyHeader
	if err := json.Unmarshal(line, &h); err != nil || h.URL != url || h.SHA256 != sum(data) {
		return nil
	}
	return &fileCopy{url: url, etag: h.ETag, data: data}
}

// saveCopy keeps what has an ETag, and nothing else.
func (c *Client) saveCopy(f *fileCopy) error {
	if c.Copies == "" || f.etag == "" || !urlpath.IsRemote(f.url) {
		return nil
	}
	line, err := json.Marshal(copyHeader{f.url, f.etag, sum(f.data)})
	if err != nil {
		return err
	}
	// What needs credentials to be read is nobody else's business.
	if err := os.MkdirAll(c.Copies, 0o700); err != nil {
		return fmt.Errorf("keeping a copy of %s: %w", f.url, err)
	}
	return atomicfile.WriteBytes(c.copyPath(f.url), append(append(line, '\n'), f.data...))
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}
