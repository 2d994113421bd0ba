// Package lockfile reads, checks and writes apk.lock.json: one consistent choice of packages for every architecture,
// with what is needed to use each package's bytes without reading them. docs/formats.md specifies the format,
// docs/apk.lock.schema.json is its JSON schema.
package lockfile

import (
	"slices"
	"strings"
)

// Version is the format version that this package reads and writes.
const Version = 2

// A Lock is a whole apk.lock.json. Digests are "sha256:<lower-case hex>".
type Lock struct {
	Version      int          `json:"version"`
	Config       Config       `json:"config"`
	Notes        []string     `json:"notes,omitempty"`
	Repositories []Repository `json:"repositories"`
	// Packages are sorted by name, then architecture.
	Packages []Package `json:"packages"`
}

// A Config is what apk.yaml asked for, normalised: a lock with the same Config as apk.yaml is not stale.
type Config struct {
	Archs              []string `json:"archs"`
	Packages           []string `json:"packages"`
	Repositories       []string `json:"repositories"` // "url" or "@tag url"
	Keyring            []string `json:"keyring"`
	RequireSameVersion bool     `json:"require_same_version,omitempty"`
}

// A Repository is one of the repositories that packages come from.
type Repository struct {
	URL     string   `json:"url"`
	Tag     string   `json:"tag,omitempty"`
	Mirrors []string `json:"mirrors,omitempty"`
	Indexes []Index  `json:"indexes"` // sorted by architecture
}

// An Index is the index of one architecture that was resolved against.
type Index struct {
	Arch   string `json:"arch"`
	Digest string `json:"digest"`
	Key    string `json:"key"` // file name of the key that signed it
	// Fingerprint is the digest of that key's DER form (PKIX). Locks of earlier releases do not have it.
	Fingerprint string `json:"fingerprint,omitempty"`
	// Time is when the index was made, in Unix seconds: the later of what its archive says of APKINDEX and the newest
	// build time in it; both are signed.
	Time int64 `json:"time,omitempty"`
}

// Fingerprints returns those of the keys that the lock knows, by the names of their files. A nil lock knows none.
func (l *Lock) Fingerprints() map[string][]string {
	known := make(map[string][]string)
	if l == nil {
		return known
	}
	for _, r := range l.Repositories {
		for _, index := range r.Indexes {
			if index.Fingerprint != "" && !slices.Contains(known[index.Key], index.Fingerprint) {
				known[index.Key] = append(known[index.Key], index.Fingerprint)
			}
		}
	}
	return known
}

// A Range is a section of a package file: offset and size in bytes.
type Range [2]int64

// Offset is that of the section's first byte in the file.
func (r Range) Offset() int64 { return r[0] }

// Size is the section's length.
func (r Range) Size() int64 { return r[1] }

// End is the offset of the first byte after the section.
func (r Range) End() int64 { return r[0] + r[1] }

// Sections are the parts of a package file; they follow each other and fill it.
type Sections struct {
	Signature *Range `json:"signature,omitempty"` // nil in an unsigned package
	Control   Range  `json:"control"`
	Data      Range  `json:"data"`
}

// A Requirement is something that a package depends on, or waits for, and the locked packages that meet it.
type Requirement struct {
	Needs string `json:"needs"` // the constraint, as in the index
	// By has the names of all locked packages of the architecture that meet it, in the order in which apk prefers them;
	// the package itself may be one. Of a constraint that excludes ("!name<2") they are those that go by the name and
	// are not excluded, if any: they are not needed, but come first if they are there.
	By []string `json:"by,omitempty"`
}

// A Package is one package file.
type Package struct {
	Name       string   `json:"name"`
	Version    string   `json:"version"`
	Arch       string   `json:"arch"`       // of the index that it was found in, also if it is noarch
	Repository int      `json:"repository"` // index into Lock.Repositories
	URL        string   `json:"url"`
	Size       int64    `json:"size"`
	SHA256     string   `json:"sha256"`
	Sections   Sections `json:"sections"`
	Checksum   string   `json:"checksum"` // "Q1…", of the control section
	Layer      string   `json:"layer"`    // digest of the data section
	DiffID     string   `json:"diff_id"`  // digest of the uncompressed data section

	InstalledSize int64  `json:"installed_size,omitempty"` // bytes
	BuildTime     int64  `json:"build_time,omitempty"`     // Unix seconds
	Origin        string `json:"origin,omitempty"`
	License       string `json:"license,omitempty"`
	// Depends is in the order of the index, which the install order follows. It has what the package excludes, too.
	Depends          []Requirement `json:"depends,omitempty"`
	Provides         []string      `json:"provides,omitempty"`
	ProviderPriority int           `json:"provider_priority,omitempty"`
	// InstallIf is empty where no set of locked packages can meet all of it.
	InstallIf []Requirement `json:"install_if,omitempty"`
	Replaces  []string      `json:"replaces,omitempty"`
	// Normalise says why the package cannot be used as it is, or is empty.
	Normalise string `json:"normalise,omitempty"`
}

// Needed returns the names of all packages that the package may bring along for what it depends on, sorted.
func (p *Package) Needed() []string {
	var names []string
	for _, r := range p.Depends {
		if !strings.HasPrefix(r.Needs, "!") {
			names = append(names, r.By...)
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == p.Name })
}

// ID names a package in messages: `package "musl" (x86_64)`.
func (p *Package) ID() string { return `package "` + p.Name + `" (` + p.Arch + `)` }
