package apkresolve

import (
	"fmt"
	"slices"
)

// verifier rechecks a set of packages against what the request and the packages themselves say. It shares nothing with
// how answers are found but the catalog.
type verifier struct {
	*catalog
	chosen map[packageID]bool
}

// checkAll says what is wrong with an answer: a constraint, conflict or provide that is violated, a package without a
// reason, or from a repository that it may not come from. What install_if would add is not looked at: see missing.
func (v *verifier) checkAll() error {
	if err := v.check(); err != nil {
		return err
	}
	grounded, carried := v.ground(v.chosen)
	for id := range v.chosen {
		entry := &v.packages[id]
		if !grounded[id] {
			return fmt.Errorf("nothing asks for %s", entry.Package)
		}
		if entry.tags&(defaultTag|carried[id]) == 0 {
			return fmt.Errorf("nothing asks for the tag of %s", entry.Package)
		}
	}
	return nil
}

// check says which constraint, conflict or provide the set violates.
func (v *verifier) check() error {
	for i := range v.world {
		if !v.holds(none, &v.world[i]) {
			return fmt.Errorf("the request for %q is not met", v.world[i].Constraint)
		}
	}
	for id := range v.chosen {
		entry := &v.packages[id]
		if entry.broken != nil {
			return entry.broken
		}
		depends := v.depends(id)
		for i := range depends {
			if !v.holds(id, &depends[i]) {
				return fmt.Errorf("what %s needs is not met: %q", entry.Package, depends[i].Constraint)
			}
		}
		if err := v.alone(id, entry.name, entry.Version); err != nil {
			return err
		}
		for _, p := range entry.provides {
			if err := v.alone(id, p.name, p.version); err != nil {
				return err
			}
		}
	}
	return nil
}

// holds says whether the set meets a dependency.
func (v *verifier) holds(from packageID, dep *dependency) bool {
	for _, p := range v.providersOf(dep.name) {
		if v.chosen[p.pkg] && v.matches(dep, p) && !(dep.Conflict && p.pkg == from) {
			return !dep.Conflict
		}
	}
	return dep.Conflict
}

// alone says whether no other package goes by the name, unless both have it as a virtual.
func (v *verifier) alone(id packageID, n nameID, version string) error {
	for _, p := range v.providersOf(n) {
		if p.pkg != id && v.chosen[p.pkg] && (version != "" || p.version != "") {
			return fmt.Errorf("both %s and %s are %q", v.packages[id].Package, v.packages[p.pkg].Package, v.names[n])
		}
	}
	return nil
}

// triggered says whether all that a package's install_if names is there. A part with "!" wants the name to be there
// too, at a version that it does not speak of: apk 2.14 does not take absence for an answer.
func (v *verifier) triggered(id packageID) bool {
	installIf := v.packages[id].installIf
	for i := range installIf {
		if !v.holds(id, &installIf[i]) || installIf[i].Conflict && !v.present(installIf[i].name) {
			return false
		}
	}
	return len(installIf) > 0
}

// present says whether anything in the set goes by the name.
func (v *verifier) present(n nameID) bool {
	return slices.ContainsFunc(v.providersOf(n), func(p provider) bool { return v.chosen[p.pkg] })
}

// missing gives the packages that install_if asks for and that are not there, though nothing in the set speaks against
// them directly.
func (v *verifier) missing() []packageID {
	_, carried := v.ground(v.chosen)
	var list []packageID
	seen := map[packageID]bool{}
	for id := range v.packages {
		if !v.chosen[packageID(id)] {
			continue
		}
		for _, n := range v.namesOf(packageID(id)) {
			for _, reverse := range v.installedIf[n] {
				if seen[reverse] || v.chosen[reverse] {
					continue
				}
				seen[reverse] = true
				if v.triggered(reverse) && v.packages[reverse].tags&(defaultTag|v.triggerTags(reverse, v.chosen, carried)) != 0 && v.fits(reverse) {
					list = append(list, reverse)
				}
			}
		}
	}
	return list
}

// fits says whether nothing in the set rules a package out directly.
func (v *verifier) fits(id packageID) bool {
	entry := &v.packages[id]
	if entry.broken != nil || entry.held || v.alone(id, entry.name, entry.Version) != nil {
		return false
	}
	for _, p := range entry.provides {
		if v.alone(id, p.name, p.version) != nil {
			return false
		}
	}
	with := verifier{catalog: v.catalog, chosen: map[packageID]bool{id: true}}
	for i := range v.world {
		if v.world[i].Conflict && !with.holds(none, &v.world[i]) {
			return false
		}
	}
	for other := range v.chosen {
		depends := v.depends(other)
		for i := range depends {
			if depends[i].Conflict && !with.holds(other, &depends[i]) {
				return false
			}
		}
	}
	depends := v.depends(id)
	for i := range depends {
		if depends[i].Conflict && !v.holds(id, &depends[i]) {
			return false
		}
	}
	return true
}
