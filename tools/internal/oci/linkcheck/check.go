package linkcheck

import (
	"fmt"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/elffile"
)

// Request says what is to be checked.
type Request struct {
	Platform v1.Platform
	// Lists are those of the image's layers.
	Lists []*List
	// Partial says that the image has layers that nobody has listed: what is missing may be there.
	Partial bool
	// Program is the path of what the image runs, or empty.
	Program string
	// Providers returns the labels of packages that have a shared object of that name for a machine.
	Providers func(machine, soname string) []string
}

// Result is what was found, a line each, sorted.
type Result struct {
	// Problems keep a program from being started.
	Problems []string
	// Notes are about shared objects for another C library, which an image may have for nobody.
	Notes []string
}

// Check compares what the image's own programs and shared objects need with what is in the image.
func Check(r Request) Result {
	c := checker{Request: r, machines: machinesOf(r.Platform), objects: map[string][]*found{}, programs: map[string]Entry{}}
	for _, l := range r.Lists {
		c.collect(l)
	}
	c.checkProgram()
	for _, l := range r.Lists {
		for i := range l.Entries {
			if o := l.Entries[i].ELF; o != nil {
				c.check("/"+l.Entries[i].Path, o)
			}
		}
	}
	for _, list := range []*[]string{&c.result.Problems, &c.result.Notes} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return c.result
}

// found is a shared object of the image, and where it comes from.
type found struct {
	*elffile.Object
	from string
}

type checker struct {
	Request
	machines []string
	objects  map[string][]*found // by every name that a linker could find them by; nil for links, whose objects are unknown
	programs map[string]Entry    // by path
	result   Result
}

func machinesOf(p v1.Platform) []string {
	switch p.Architecture {
	case "amd64":
		return []string{"x86_64", "x86"}
	case "386":
		return []string{"x86"}
	case "arm64":
		return []string{"aarch64", "arm"}
	case "loong64":
		return []string{"loongarch64"}
	}
	return []string{p.Architecture}
}

func (c *checker) collect(l *List) {
	from := l.Name
	if l.Version != "" {
		from += "-" + l.Version
	}
	byPath := map[string]*found{}
	for _, e := range l.Entries {
		c.programs[e.Path] = e
		o := e.ELF
		if o == nil {
			o = e.Library
		}
		if o != nil {
			f := &found{o, from}
			byPath[e.Path] = f
			c.provide(path.Base(e.Path), f)
			if o.Soname != "" && o.Soname != path.Base(e.Path) {
				c.provide(o.Soname, f)
			}
		}
	}
	for _, e := range l.Entries {
		if e.Type == "" {
			// A file that nobody has looked into, as it is called unlike a shared object, may be one.
			if e.ELF == nil && e.Library == nil && strings.Contains(path.Base(e.Path), ".so") {
				c.provide(path.Base(e.Path), nil)
			}
			continue
		}
		target := e.Link
		if e.Type == "symlink" && !path.IsAbs(target) {
			target = path.Join(path.Dir(e.Path), target)
		}
		c.provide(path.Base(e.Path), byPath[strings.TrimPrefix(path.Clean(target), "/")])
	}
}

func (c *checker) provide(name string, f *found) {
	if !strings.Contains(name, ".so") && (f == nil || f.Program) {
		return
	}
	c.objects[name] = append(c.objects[name], f)
}

// checkProgram looks at what the image runs.
func (c *checker) checkProgram() {
	e, ok := c.programs[strings.TrimPrefix(path.Clean("/"+c.Program), "/")]
	if c.Program != "" && ok && e.System != "" {
		c.problem("%s, which the image runs, is a program for %s; build it for %s", c.Program, e.System, c.Platform)
	}
}

func (c *checker) check(name string, o *elffile.Object) {
	if !slices.Contains(c.machines, o.Machine) {
		if o.Program { // a shared object for another machine is nobody's
			c.problem("%s is a program for %s, the image is for %s; build it for that", name, o.Machine, c.Platform)
		}
		return
	}
	if c.Partial {
		return
	}
	report := c.problem
	if !o.Program && c.otherLibc(o) {
		report = c.note
	}
	skipLibc := false
	if o.Interpreter != "" && !c.has(path.Base(o.Interpreter), o) {
		skipLibc = c.interpreter(name, o)
	}
	for _, need := range o.Needs {
		switch {
		case skipLibc && isLibc(need.Name):
		case c.has(need.Name, o):
			c.versions(report, name, need, o)
		case c.inMusl(need.Name, o):
		default:
			report("%s needs %s, which nothing in the image has; %s", name, need.Name, c.remedy(o.Machine, need.Name))
		}
	}
}

func (c *checker) problem(format string, args ...any) {
	c.result.Problems = append(c.result.Problems, fmt.Sprintf(format, args...))
}

func (c *checker) note(format string, args ...any) {
	c.result.Notes = append(c.result.Notes, fmt.Sprintf(format, args...))
}

// has says whether the image has a shared object of that name which o can be linked to.
func (c *checker) has(name string, o *elffile.Object) bool {
	return slices.ContainsFunc(c.objects[name], func(f *found) bool {
		return f == nil || f.Machine == o.Machine && f.Class == o.Class
	})
}

// muslLinker returns the name of musl's linker in the image for a machine like o's, or "".
func (c *checker) muslLinker(o *elffile.Object) string {
	for name := range c.objects {
		if strings.HasPrefix(name, "ld-musl-") && c.has(name, o) {
			return name
		}
	}
	return ""
}

// interpreter reports a program whose dynamic linker the image lacks. It says whether the image has the other C
// library, so that nothing else of the one that it lacks need be named.
func (c *checker) interpreter(name string, o *elffile.Object) (otherLibc bool) {
	linker := path.Base(o.Interpreter)
	forMusl := strings.HasPrefix(linker, "ld-musl-")
	musl := c.muslLinker(o)
	switch {
	case !forMusl && musl != "":
		c.problem("%s is linked against glibc (it asks for %s), and the image has musl; build it for musl or statically, or take a base with glibc", name, o.Interpreter)
		return true
	case forMusl && c.has("libc.so.6", o):
		c.problem("%s is linked against musl (it asks for %s), and the image has glibc; build it for glibc or statically, or take a base with musl", name, o.Interpreter)
		return true
	}
	c.problem("%s needs the dynamic linker %s, which nothing in the image has; %s", name, o.Interpreter, c.remedy(o.Machine, linkerSoname(linker)))
	return false
}

// linkerSoname returns what packages provide along with a dynamic linker: musl's is its C library, too.
func linkerSoname(linker string) string {
	if rest, ok := strings.CutPrefix(linker, "ld-musl-"); ok {
		return "libc.musl-" + rest
	}
	return linker
}

// versions compares the versions of symbols that are needed of a shared object with those that it has. One that has
// none at all, or is not known, is taken as it is, as linkers do.
func (c *checker) versions(report func(string, ...any), name string, need elffile.Need, o *elffile.Object) {
	if len(need.Versions) == 0 {
		return
	}
	var fits []*found
	for _, f := range c.objects[need.Name] {
		if f == nil || len(f.Versions) == 0 {
			return
		}
		if f.Machine == o.Machine && f.Class == o.Class {
			fits = append(fits, f)
		}
	}
	lacking := need.Versions
	for _, f := range fits {
		missing := slices.DeleteFunc(slices.Clone(need.Versions), func(v string) bool { return slices.Contains(f.Versions, v) })
		if len(missing) == 0 {
			return
		}
		if len(missing) <= len(lacking) {
			lacking = missing
		}
	}
	from := ""
	if len(fits) > 0 && fits[0].from != "" {
		from = " of " + fits[0].from
	}
	report("%s needs %s with %s, but the %s%s in the image has no such symbols: it is older; build against one that is as old, or take a newer one",
		name, need.Name, strings.Join(lacking, ", "), need.Name, from)
}

// otherLibc says whether a shared object is for a C library that the image does not have, while it has the other one.
func (c *checker) otherLibc(o *elffile.Object) bool {
	musl := c.muslLinker(o) != ""
	glibc := c.has("libc.so.6", o)
	return musl != glibc && slices.ContainsFunc(o.Needs, func(n elffile.Need) bool {
		return musl && n.Name == "libc.so.6" || glibc && strings.HasPrefix(n.Name, "libc.musl-")
	})
}

// inMusl says whether musl's linker has what is needed of glibc itself: it takes these names for its own.
func (c *checker) inMusl(soname string, o *elffile.Object) bool {
	if c.muslLinker(o) == "" || c.has("libc.so.6", o) || !o.Program {
		return false
	}
	return slices.ContainsFunc([]string{"libc.", "libcrypt.", "libdl.", "libm.", "libpthread.", "librt.", "libutil.", "libxnet."}, func(prefix string) bool {
		return strings.HasPrefix(soname, prefix) && !strings.HasPrefix(soname, "libc.musl-")
	})
}

func isLibc(soname string) bool {
	return slices.ContainsFunc([]string{"ld-linux", "ld64.", "libc.musl-", "libc.so.", "libdl.so.", "libm.so.", "libmvec.so.", "libpthread.so.", "libresolv.so.", "librt.so.", "libutil.so."},
		func(prefix string) bool { return strings.HasPrefix(soname, prefix) })
}

func (c *checker) remedy(machine, soname string) string {
	const otherwise = "add the package or the layer that has it, or link statically"
	if c.Providers == nil {
		return otherwise
	}
	switch labels := c.Providers(machine, soname); len(labels) {
	case 0:
		return otherwise
	case 1:
		return labels[0] + " provides it"
	default:
		return strings.Join(labels, ", ") + " provide it"
	}
}
