package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const repositoryURL = "https://github.com/rules-apk/rules_apk"

// release is the folder that a release is made in.
type release struct {
	dir, baseURL, version string
	assets                []asset
}

// asset is a file of the release's page.
type asset struct {
	name   string
	size   int
	sha256 string // hex
}

func (a asset) integrity() string {
	sum, _ := hex.DecodeString(a.sha256) // made by add
	return "sha256-" + base64.StdEncoding.EncodeToString(sum)
}

func (r *release) url(a asset) string { return r.baseURL + "/" + a.name }

// add writes a file of the release's page.
func (r *release) add(name string, data []byte) (asset, error) {
	a := asset{name: name, size: len(data), sha256: hexSum(data)}
	r.assets = append(r.assets, a)
	return a, os.WriteFile(filepath.Join(r.dir, name), data, 0o644)
}

func (r *release) addJSON(name string, value any) error {
	data, err := indentedJSON(value)
	if err != nil {
		return err
	}
	_, err = r.add(name, data)
	return err
}

// writeChecksums writes the sums of all other files, as sha256sum --check takes them.
func (r *release) writeChecksums() error {
	var text strings.Builder
	for _, a := range r.assets {
		fmt.Fprintf(&text, "%s  %s\n", a.sha256, a.name)
	}
	_, err := r.add("SHA256SUMS", []byte(text.String()))
	return err
}

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func indentedJSON(value any) ([]byte, error) {
	data, err := json.MarshalIndent(value, "", "  ")
	return append(data, '\n'), err
}
