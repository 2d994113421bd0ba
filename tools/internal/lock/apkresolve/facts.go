package apkresolve

import (
	"fmt"
	"slices"
	"strings"
)

// fact is where a clause comes from, for errors.
type fact interface {
	// key is the same for facts that are told as one.
	key(c *catalog) string
	// say puts facts of the same key, of which this is one, into words. An empty text is something that nobody needs to
	// hear.
	say(c *catalog, same []fact) string
	// about gives the packages that the fact speaks of, and the name that it leads to; the order of a chain of reasons
	// follows from them.
	about(c *catalog) (subjects []packageID, leadsTo nameID)
}

const nowhere nameID = -1

// requirement: the world or a package needs or forbids something.
type requirement struct {
	from packageID
	dep  *dependency
}

// key is the same for all versions of a package and whatever versions they need: a chain of reasons would be long if
// each had a line of its own.
func (f requirement) key(c *catalog) string {
	if f.from == none {
		return "world " + f.dep.String()
	}
	kind := " needs "
	if f.dep.Conflict {
		kind = " excludes "
	}
	return c.packages[f.from].Name + kind + f.dep.Name
}

func (f requirement) about(*catalog) (subjects []packageID, leadsTo nameID) {
	if f.from != none {
		subjects = []packageID{f.from}
	}
	if f.dep.Conflict {
		return subjects, nowhere
	}
	return subjects, f.dep.name
}

func (f requirement) say(c *catalog, same []fact) string {
	target := f.dep.Constraint
	target.Conflict = false
	switch {
	case f.from == none && f.dep.Conflict:
		return fmt.Sprintf("the request excludes %s", target)
	case f.from == none:
		return fmt.Sprintf("the request asks for %s%s", target, c.supply(f.dep))
	}
	var who []packageID
	var ranges []string
	for _, other := range same {
		r := other.(requirement)
		who = append(who, r.from)
		if text := r.dep.Op + r.dep.Version; !slices.Contains(ranges, text) {
			ranges = append(ranges, text)
		}
	}
	verb := "need"
	if f.dep.Conflict {
		verb = "exclude"
	}
	if !slices.ContainsFunc(who, func(id packageID) bool { return id != who[0] }) {
		verb += "s"
	}
	if len(ranges) > 1 {
		return fmt.Sprintf("%s %s %s, each at other versions (%s)", c.list(who), verb, f.dep.Name, clip(ranges))
	}
	if f.dep.Conflict {
		return fmt.Sprintf("%s %s %s", c.list(who), verb, target)
	}
	return fmt.Sprintf("%s %s %s%s", c.list(who), verb, target, c.supply(f.dep))
}

// clip shortens a list of texts.
func clip(texts []string) string {
	if len(texts) > shown {
		texts = append(slices.Clone(texts[:shown]), "…")
	}
	return strings.Join(texts, ", ")
}

// supply says who can satisfy a dependency, where the name does not.
func (c *catalog) supply(dep *dependency) string {
	var matching, other []packageID
	for _, p := range c.providersOf(dep.name) {
		if c.matches(dep, p) {
			matching = append(matching, p.pkg)
		} else {
			other = append(other, p.pkg)
		}
	}
	switch {
	case len(matching) == 0 && len(other) == 0:
		if near := c.nearest(dep.Name); near != "" {
			return fmt.Sprintf(", which no repository has (did you mean %s?)", near)
		}
		return ", which no repository has"
	case len(matching) == 0:
		return fmt.Sprintf(", but there is only %s", c.listAs(other, dep.name))
	case !slices.ContainsFunc(matching, func(id packageID) bool { return c.packages[id].name == dep.name }):
		return fmt.Sprintf(", which %s provides", c.alternatives(matching))
	}
	return ""
}

// onlyOne: a name has one provider.
type onlyOne struct{ name nameID }

func (f onlyOne) key(c *catalog) string { return "one " + c.names[f.name] }

func (f onlyOne) about(c *catalog) ([]packageID, nameID) {
	var list []packageID
	for _, p := range c.providersOf(f.name) {
		list = append(list, p.pkg)
	}
	return list, nowhere
}

func (f onlyOne) say(c *catalog, _ []fact) string {
	list, _ := f.about(c)
	if !slices.ContainsFunc(list, func(id packageID) bool { return c.packages[id].name != f.name }) {
		return fmt.Sprintf("only one version of %s can be installed", c.names[f.name])
	}
	return fmt.Sprintf("only one package can be %s: %s", c.names[f.name], c.alternatives(list))
}

// unreadable: a field of the package is malformed.
type unreadable struct{ pkg packageID }

func (f unreadable) key(c *catalog) string                { return "bad " + c.packages[f.pkg].String() }
func (f unreadable) about(*catalog) ([]packageID, nameID) { return []packageID{f.pkg}, nowhere }
func (f unreadable) say(c *catalog, _ []fact) string {
	return fmt.Sprintf("%s cannot be used: %v", c.packages[f.pkg].Package, c.packages[f.pkg].broken)
}

// tagged: the package lies in a tagged repository only.
type tagged struct{ pkg packageID }

func (f tagged) key(c *catalog) string                { return "tag " + c.packages[f.pkg].Name }
func (f tagged) about(*catalog) ([]packageID, nameID) { return []packageID{f.pkg}, nowhere }
func (f tagged) say(c *catalog, same []fact) string {
	var who []packageID
	for _, other := range same {
		who = append(who, other.(tagged).pkg)
	}
	entry := &c.packages[f.pkg]
	tag := c.request.Repositories[lowestBit(entry.repositories)].Tag
	return fmt.Sprintf("%s is in a repository with a tag only; to take it from there, ask for %s@%s", c.list(who), entry.Name, tag)
}

// unwanted: nothing asks for the package in a way that picks it.
type unwanted struct{ pkg packageID }

func (f unwanted) key(c *catalog) string                { return "pick " + c.packages[f.pkg].Name }
func (f unwanted) about(*catalog) ([]packageID, nameID) { return []packageID{f.pkg}, nowhere }
func (f unwanted) say(c *catalog, _ []fact) string {
	name := c.packages[f.pkg].Name
	return fmt.Sprintf("nothing picks %s by itself: what it provides, it provides without a version and without a provider_priority; to have it, ask for %s", name, name)
}

// held: another version of the package's name is to be kept.
type held struct{ pkg packageID }

func (f held) key(c *catalog) string                { return "keep " + c.packages[f.pkg].Name }
func (f held) about(*catalog) ([]packageID, nameID) { return []packageID{f.pkg}, nowhere }
func (f held) say(*catalog, []fact) string          { return "" }

// heldConflict says that there is no answer without another version of a name than the one to keep. It does not leave
// the package.
type heldConflict struct{ name nameID }

func (*heldConflict) Error() string { return "a version cannot be kept" }

// partOf: what an install_if consists of.
type partOf struct{}

func (partOf) key(*catalog) string                  { return "" }
func (partOf) about(*catalog) ([]packageID, nameID) { return nil, nowhere }
func (partOf) say(*catalog, []fact) string          { return "" }

// shown is how many packages a list names before it says "and n more".
const shown = 4

// list names packages: a-1, b-2 and c-3.
func (c *catalog) list(ids []packageID) string { return c.join(ids, " and ", (*catalog).title) }

// alternatives names packages: a-1, b-2 or c-3.
func (c *catalog) alternatives(ids []packageID) string { return c.join(ids, " or ", (*catalog).title) }

func (c *catalog) title(id packageID) string { return c.packages[id].String() }

// listAs names packages and, where it is not that, what they have the name at.
func (c *catalog) listAs(ids []packageID, n nameID) string {
	return c.join(ids, " and ", func(c *catalog, id packageID) string {
		entry := &c.packages[id]
		if entry.name == n {
			return entry.String()
		}
		for _, v := range entry.provides {
			switch {
			case v.name == n && v.version == "":
				return fmt.Sprintf("%s (provides %s without a version)", entry.Package, c.names[n])
			case v.name == n:
				return fmt.Sprintf("%s (provides %s=%s)", entry.Package, c.names[n], v.version)
			}
		}
		return entry.String()
	})
}

func (c *catalog) join(ids []packageID, last string, title func(*catalog, packageID) string) string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var texts []string
	for i, id := range ids {
		if i == shown-1 && len(ids) > shown {
			texts = append(texts, fmt.Sprintf("%d more", len(ids)-i))
			break
		}
		texts = append(texts, title(c, id))
	}
	if len(texts) == 1 {
		return texts[0]
	}
	return strings.Join(texts[:len(texts)-1], ", ") + last + texts[len(texts)-1]
}
