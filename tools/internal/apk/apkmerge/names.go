package apkmerge

import (
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
)

// names tells which of a package's hard links are names of which file, and what becomes of those whose file is left
// out.
type names struct {
	// file is the entry with the bytes, as apkfacts.Facts.Files has it.
	file map[*apkfacts.Entry]*apkfacts.Entry
	// heir is the hard link that gets the bytes of a file that is left out, because it is excluded or another
	// package's.
	heir map[*apkfacts.Entry]*apkfacts.Entry
}

func newNames(f *apkfacts.Facts, keep map[*apkfacts.Entry]imagepath.Path) *names {
	n := &names{file: f.Files(), heir: map[*apkfacts.Entry]*apkfacts.Entry{}}
	for i := range f.Entries {
		e := &f.Entries[i]
		file := n.file[e]
		if _, kept := keep[e]; !kept || file == e || file == nil {
			continue
		}
		if _, kept := keep[file]; !kept && n.heir[file] == nil {
			n.heir[file] = e
		}
	}
	return n
}
