// Package apkindex reads and writes APKINDEX, the list of the packages of an apk repository (format 2).
//
// A file APKINDEX.tar.gz is a gzip stream with a signature, then one with a tar of DESCRIPTION and APKINDEX. APKINDEX
// is text: packages are separated by empty lines, every line is a letter, a colon and a value.
package apkindex

// Package is one entry of an index. Strings are as in the file.
type Package struct {
	Name        string // P
	Version     string // V
	Arch        string // A; "noarch" exists
	Description string // T
	URL         string // U
	License     string // L, an SPDX expression
	Origin      string // o, the source package
	Maintainer  string // m
	Commit      string // c
	// Checksum is C: "Q1" and the base64 of the SHA-1 of the control section.
	Checksum         string
	Size             int64 // S, bytes of the .apk
	InstalledSize    int64 // I, bytes
	BuildTime        int64 // t, Unix seconds
	ProviderPriority int   // k

	Depends   []string // D, constraints
	Provides  []string // p, name or name=version
	InstallIf []string // i, constraints
	// Replaces is r. Indexes do not carry it, and Write leaves it out; it is here for those who make a Package from a
	// package file.
	Replaces []string

	// Empty has the letters of fields that the package itself states with an empty value; apk writes them. Parse does
	// not set it.
	Empty string

	// Unknown has the letters of upper-case fields that are not among these. Such a field is one that a program has to
	// know before it may install the package; lower-case ones can be ignored.
	Unknown string
}

// FileName is the name of the package file, as it lies beside the index.
func (p *Package) FileName() string { return p.Name + "-" + p.Version + ".apk" }

// String is the name and the version, as apk writes them together.
func (p *Package) String() string { return p.Name + "-" + p.Version }
