package apkresolve

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"
)

// nameID and packageID index catalog.names and catalog.packages.
type (
	nameID    int32
	packageID int32
)

const none packageID = -1

// maxTags bounds the number of different tags of repositories.
const maxTags = 63

// defaultTag is the bit of the repositories without a tag.
const defaultTag uint64 = 1

// provider is a package that goes by a name, at a version; a version of "" is a virtual.
type provider struct {
	pkg     packageID
	version string
}

// dependency is a constraint on a name of the catalog.
type dependency struct {
	name nameID
	apkconstraint.Constraint
}

// provide is a name that a package goes by besides its own.
type provide struct {
	name    nameID
	version string
}

// entry is a package of the catalog: once, though several repositories may have it.
type entry struct {
	*apkindex.Package
	name         nameID
	repositories uint64 // bits: which repositories have it
	tags         uint64 // bits: the tags of those repositories
	provides     []provide
	installIf    []dependency
	depends      []dependency
	parsed       bool // depends is filled
	// broken says why the package cannot be used: a field that apk cannot read either.
	broken error
	held   bool // another version of the name is to be kept
}

// catalog is what all repositories have together, with names as numbers. Packages are in an order that depends on their
// contents and the order of the repositories only.
type catalog struct {
	conflicts int // met by all searches so far
	request   *Request
	ids       map[string]nameID
	names     []string
	packages  []entry
	// The providers of name n are providers[first[n]:first[n+1]]. Names that came later (asked for, not provided) have
	// none.
	providers []provider
	first     []int32
	// installedIf has for each name the packages whose install_if mentions it.
	installedIf map[nameID][]packageID
	tags        map[string]uint64 // tag to its bit
	world       []dependency      // sorted as apk sorts it
}

func newCatalog(request *Request) (*catalog, error) {
	c := &catalog{request: request, tags: map[string]uint64{"": defaultTag}, installedIf: map[nameID][]packageID{}}
	total := 0
	for _, r := range request.Repositories {
		total += len(r.Packages)
		if _, ok := c.tags[r.Tag]; !ok {
			if len(c.tags) > maxTags {
				return nil, fmt.Errorf("%d tags of repositories, want at most %d", len(c.tags), maxTags)
			}
			c.tags[r.Tag] = 1 << len(c.tags)
		}
	}
	if len(request.Repositories) > 64 {
		return nil, fmt.Errorf("%d repositories, want at most 64", len(request.Repositories))
	}
	c.ids = make(map[string]nameID, 3*total)
	c.packages = make([]entry, 0, total)
	c.addPackages()
	c.addProvides()
	c.hold()
	return c, c.addWorld()
}

// compareFold orders names as apk does: without regard to case first.
func compareFold(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// comparePackages is the order in which an index lists its packages.
func comparePackages(a, b *apkindex.Package) int {
	if order := compareFold(a.Name, b.Name); order != 0 {
		return order
	}
	if order := apkversion.Compare(a.Version, b.Version); order != 0 {
		return order
	}
	return strings.Compare(a.Version, b.Version)
}

func (c *catalog) addPackages() {
	several := len(c.request.Repositories) > 1
	var known map[string]packageID // checksum to package, where one could come twice
	if several {
		known = make(map[string]packageID, cap(c.packages))
	}
	for i, repository := range c.request.Repositories {
		list := repository.Packages
		if !slices.IsSortedFunc(list, comparePackages) {
			list = slices.Clone(list)
			slices.SortStableFunc(list, comparePackages)
		}
		tag := c.tags[repository.Tag]
		for j, pkg := range list {
			// Of two entries of one name and version, apk takes the first.
			if j > 0 && list[j-1].Name == pkg.Name && list[j-1].Version == pkg.Version {
				continue
			}
			if several && pkg.Checksum != "" {
				if id, ok := known[pkg.Checksum]; ok {
					c.packages[id].repositories |= 1 << i
					c.packages[id].tags |= tag
					continue
				}
				known[pkg.Checksum] = packageID(len(c.packages))
			}
			e := entry{Package: pkg, name: c.intern(pkg.Name), repositories: 1 << i, tags: tag}
			if pkg.Unknown != "" {
				e.broken = fmt.Errorf("package %q (%s): its index entry has fields that this program does not know: %s", pkg, c.request.Arch, pkg.Unknown)
			}
			c.packages = append(c.packages, e)
		}
	}
}

// intern gives the number of a name.
func (c *catalog) intern(name string) nameID {
	if id, ok := c.ids[name]; ok {
		return id
	}
	id := nameID(len(c.names))
	c.ids[name] = id
	c.names = append(c.names, name)
	return id
}

// hold marks the packages that the versions to keep leave out.
func (c *catalog) hold() {
	there := map[nameID]bool{}
	for _, marking := range []bool{false, true} {
		for i := range c.packages {
			p := &c.packages[i]
			version, ok := c.request.Keep[p.Name]
			switch {
			case !ok:
			case !marking && p.Version == version:
				there[p.name] = true
			case marking && p.Version != version:
				p.held = there[p.name]
			}
		}
	}
}

// release lets all versions of a name be taken again.
func (c *catalog) release(n nameID) {
	for _, p := range c.providersOf(n) {
		if c.packages[p.pkg].name == n {
			c.packages[p.pkg].held = false
		}
	}
}

// addProvides fills provides, installIf and the lists by name.
func (c *catalog) addProvides() {
	total := len(c.packages)
	for i := range c.packages {
		total += len(c.packages[i].Provides)
	}
	provides := make([]provide, 0, total)
	for i := range c.packages {
		p := &c.packages[i]
		start := len(provides)
		for _, text := range p.Provides {
			name, version, ok := cutProvide(text)
			if !ok {
				p.broken = fmt.Errorf("package %q (%s): provides %q; want a name, or name=version", p.Package, c.request.Arch, text)
				continue
			}
			provides = append(provides, provide{c.intern(name), version})
		}
		p.provides = provides[start:len(provides):len(provides)]
		p.installIf = c.parse(p, "install_if", p.InstallIf)
		for _, dep := range p.installIf {
			if list := c.installedIf[dep.name]; len(list) == 0 || list[len(list)-1] != packageID(i) {
				c.installedIf[dep.name] = append(list, packageID(i))
			}
		}
	}
	// Count, then fill: one allocation for all lists.
	c.first = make([]int32, len(c.names)+1)
	each := func(visit func(nameID, provider)) {
		for i := range c.packages {
			p := &c.packages[i]
			visit(p.name, provider{packageID(i), p.Version})
			for j, v := range p.provides {
				if !repeated(p, j) {
					visit(v.name, provider{packageID(i), v.version})
				}
			}
		}
	}
	each(func(n nameID, _ provider) { c.first[n+1]++ })
	for n := range c.names {
		c.first[n+1] += c.first[n]
	}
	c.providers = make([]provider, c.first[len(c.names)])
	next := slices.Clone(c.first)
	each(func(n nameID, p provider) {
		c.providers[next[n]] = p
		next[n]++
	})
}

// repeated says whether provide j of the package is there before, or is the package's own name at its own version: both
// are written now and then, and say nothing.
func repeated(p *entry, j int) bool {
	if p.provides[j] == (provide{p.name, p.Version}) {
		return true
	}
	return slices.Contains(p.provides[:j], p.provides[j])
}

// cutProvide splits name=version; apk takes any operator there.
func cutProvide(text string) (name, version string, ok bool) {
	i := strings.IndexAny(text, "<>=~")
	if i < 0 {
		return text, "", text != ""
	}
	version = strings.TrimLeft(text[i:], "<>=~")
	return text[:i], version, i > 0 && version != ""
}

func (c *catalog) parse(p *entry, field string, texts []string) []dependency {
	if len(texts) == 0 {
		return nil
	}
	list := make([]dependency, 0, len(texts))
	for _, text := range texts {
		constraint, err := apkconstraint.Parse(text)
		if err != nil {
			p.broken = fmt.Errorf("package %q (%s): %s: %w", p.Package, c.request.Arch, field, err)
			continue
		}
		list = append(list, dependency{c.intern(constraint.Name), constraint})
	}
	return list
}

// depends gives the dependencies of a package, which are parsed when first wanted: most never are.
func (c *catalog) depends(id packageID) []dependency {
	p := &c.packages[id]
	if !p.parsed {
		p.depends = c.parse(p, "depends", p.Depends)
		p.parsed = true
	}
	return p.depends
}

// namesOf gives all names that a package goes by.
func (c *catalog) namesOf(id packageID) []nameID {
	names := []nameID{c.packages[id].name}
	for _, v := range c.packages[id].provides {
		names = append(names, v.name)
	}
	return names
}

func (c *catalog) providersOf(n nameID) []provider {
	if int(n)+1 >= len(c.first) {
		return nil
	}
	return c.providers[c.first[n]:c.first[n+1]]
}

func (c *catalog) addWorld() error {
	for _, constraint := range c.request.World {
		if _, ok := c.tags[constraint.Tag]; !ok {
			return fmt.Errorf("constraint %q: no repository has the tag @%s; known tags: %s", constraint, constraint.Tag, c.knownTags())
		}
		c.world = append(c.world, dependency{c.intern(constraint.Name), constraint})
	}
	slices.SortFunc(c.world, func(a, b dependency) int {
		if order := compareFold(a.Name, b.Name); order != 0 {
			return order
		}
		return strings.Compare(a.String(), b.String())
	})
	c.world = slices.Compact(c.world)
	return nil
}

func (c *catalog) knownTags() string {
	var tags []string
	for tag := range c.tags {
		if tag != "" {
			tags = append(tags, "@"+tag)
		}
	}
	if len(tags) == 0 {
		return "none"
	}
	slices.Sort(tags)
	return strings.Join(tags, ", ")
}

// matches says whether the provider is what the constraint speaks of, be it a conflict or not.
func (c *catalog) matches(dep *dependency, p provider) bool {
	if dep.Op == "><" {
		return dep.MatchesChecksum(c.packages[p.pkg].Checksum)
	}
	return dep.Matches(p.version)
}

// repositoryOf is the first repository that has the package and one of the tags.
func (c *catalog) repositoryOf(id packageID, tags uint64) int {
	for i, repository := range c.request.Repositories {
		if c.packages[id].repositories&(1<<i) != 0 && c.tags[repository.Tag]&tags != 0 {
			return i
		}
	}
	return bits.TrailingZeros64(c.packages[id].repositories)
}
