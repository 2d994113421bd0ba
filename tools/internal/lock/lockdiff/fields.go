package lockdiff

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// ofTheBytes are the fields that follow from the package's file. They say nothing more where that is another one.
var ofTheBytes = []string{"size", "sha256", "sections", "checksum", "layer", "diff_id", "installed_size", "build_time", "license"}

// fields names the fields in which two entries of the same package and version differ. With another version, everything
// may differ.
func fields(old, now *lockfile.Package) string {
	if old.Version != now.Version {
		return ""
	}
	var names []string
	a, b := reflect.ValueOf(*old), reflect.ValueOf(*now)
	for i := range a.NumField() {
		name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("json"), ",")
		// The number of a repository is where the list has it; its URL counts.
		if name == "repository" || old.SHA256 != now.SHA256 && slices.Contains(ofTheBytes, name) {
			continue
		}
		if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// A Setting is something that differs beside the packages.
type Setting struct {
	// Name says what it is: "keyring", "mirrors of https://…".
	Name string `json:"name"`
	Old  string `json:"old,omitempty"` // absent if it was not there
	New  string `json:"new,omitempty"` // absent if it is no more
}

func settings(from, to *lockfile.Lock) []Setting {
	before, order := describe(from)
	after, more := describe(to)
	var all []Setting
	for _, name := range append(order, more...) {
		if before[name] == after[name] || slices.ContainsFunc(all, func(s Setting) bool { return s.Name == name }) {
			continue
		}
		all = append(all, Setting{name, before[name], after[name]})
	}
	return all
}

// describe returns the settings of a lock, and their order.
func describe(l *lockfile.Lock) (values map[string]string, order []string) {
	values = make(map[string]string)
	set := func(name, value string) {
		if _, ok := values[name]; !ok {
			order = append(order, name)
		}
		values[name] = value
	}
	set("archs", strings.Join(l.Config.Archs, ", "))
	set("packages", strings.Join(l.Config.Packages, ", "))
	set("repositories", strings.Join(l.Config.Repositories, ", "))
	set("keyring", strings.Join(l.Config.Keyring, ", "))
	set("require_same_version", fmt.Sprint(l.Config.RequireSameVersion))
	for _, r := range l.Repositories {
		set("mirrors of "+r.URL, strings.Join(r.Mirrors, ", "))
		for _, index := range r.Indexes {
			key := index.Key
			if index.Fingerprint != "" {
				key += " " + index.Fingerprint
			}
			set("key of "+r.URL+" ("+index.Arch+")", key)
		}
	}
	return values, order
}
