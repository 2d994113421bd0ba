package apkfacts

import (
	"fmt"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfile"
)

// Expectation is what a lock says of a package; what is empty is not compared.
type Expectation struct {
	Name     string              `json:"name"`
	Version  string              `json:"version"`
	Size     int64               `json:"size"`
	SHA256   string              `json:"sha256"`
	Checksum string              `json:"checksum"`
	Sections map[string][2]int64 `json:"sections"`
	Layer    string              `json:"layer"`
	DiffID   string              `json:"diff_id"`
}

// Trust is what vouches for the package: what the lock says, or, for a package that no lock has, the build that made
// it.
func (x *Expectation) Trust() apkfile.Trust {
	if x.Checksum == "" {
		return apkfile.Built()
	}
	return apkfile.Locked(x.Checksum, x.SHA256)
}

// Check compares a package with what the lock says of it. The error names the first field that differs.
func (x *Expectation) Check(file *apkfile.File) error {
	fields := []struct{ name, got, want string }{
		{"name", file.Info.Name(), x.Name},
		{"version", file.Info.Version(), x.Version},
		{"size", number(file.Size), number(x.Size)},
		{"sha256", file.SHA256, x.SHA256},
		{"checksum", file.Checksum, x.Checksum},
		{"layer", file.LayerDigest, x.Layer},
		{"diff_id", file.DiffID, x.DiffID},
	}
	for _, s := range []struct {
		name string
		got  apkfile.Section
	}{{"signature", file.Signature}, {"control", file.Control}, {"data", file.Data}} {
		if want, ok := x.Sections[s.name]; ok {
			fields = append(fields, struct{ name, got, want string }{
				"sections." + s.name, fmt.Sprintf("[%d, %d]", s.got.Offset, s.got.Size), fmt.Sprintf("[%d, %d]", want[0], want[1])})
		}
	}
	for _, f := range fields {
		if f.want != "" && f.got != f.want {
			return fmt.Errorf("package %q: %s is %q, but the lock file says %q; lock again, or get the package again if it was changed",
				file.Info.Name(), f.name, f.got, f.want)
		}
	}
	return nil
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
