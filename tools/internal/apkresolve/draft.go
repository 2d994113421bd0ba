package apkresolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apkconstraint"
	"github.com/rules-apk/rules_apk/tools/internal/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apkversion"
)

// candidate is a package standing for a name at a version.
type candidate struct {
	pkg        *apkindex.Package
	repository int
	tag        string
	version    string // empty: a virtual
}

// draft takes the newest provider of each name, depth first.
type draft struct {
	request   Request
	providers map[string][]candidate
	installIf []candidate
	chosen    map[*apkindex.Package]int
	order     []candidate
}

// Resolve answers a request. The error is *UnknownName, *Unsatisfiable or one
// about a malformed package.
func Resolve(request Request) (*Solution, error) {
	d := &draft{request: request, providers: map[string][]candidate{}, chosen: map[*apkindex.Package]int{}}
	for i, repository := range request.Repositories {
		for _, pkg := range repository.Packages {
			c := candidate{pkg, i, repository.Tag, pkg.Version}
			d.providers[pkg.Name] = append(d.providers[pkg.Name], c)
			for _, provide := range pkg.Provides {
				p, err := apkconstraint.Parse(provide)
				if err != nil {
					return nil, fmt.Errorf("package %q provides: %w", pkg, err)
				}
				d.providers[p.Name] = append(d.providers[p.Name], candidate{pkg, i, repository.Tag, p.Version})
			}
			if len(pkg.InstallIf) > 0 {
				d.installIf = append(d.installIf, c)
			}
		}
	}
	for _, list := range d.providers {
		slices.SortStableFunc(list, func(a, b candidate) int {
			if order := apkversion.Compare(b.version, a.version); order != 0 {
				return order
			}
			if order := b.pkg.ProviderPriority - a.pkg.ProviderPriority; order != 0 {
				return order
			}
			return strings.Compare(a.pkg.Name, b.pkg.Name)
		})
	}
	for _, c := range request.World {
		if len(d.providers[c.Name]) == 0 && !c.Conflict {
			return nil, &UnknownName{Arch: request.Arch, Name: c.Name}
		}
		if err := d.need(c); err != nil {
			return nil, err
		}
	}
	for changed := true; changed; {
		changed = false
		for _, c := range d.installIf {
			if _, ok := d.chosen[c.pkg]; ok || c.tag != "" || d.stands(c.pkg.Name, false) != nil {
				continue
			}
			all := true
			for _, text := range c.pkg.InstallIf {
				want, err := apkconstraint.Parse(text)
				all = all && err == nil && d.satisfied(want)
			}
			if all {
				changed = true
				if err := d.install(c); err != nil {
					return nil, err
				}
			}
		}
	}
	return d.solution(), nil
}

func (d *draft) stands(name string, virtual bool) *candidate {
	for i, c := range d.providers[name] {
		if _, ok := d.chosen[c.pkg]; ok && (virtual || c.version != "") {
			return &d.providers[name][i]
		}
	}
	return nil
}

func (d *draft) satisfied(want apkconstraint.Constraint) bool {
	for _, c := range d.providers[want.Name] {
		if _, ok := d.chosen[c.pkg]; ok && want.Matches(c.version) {
			return !want.Conflict
		}
	}
	return want.Conflict
}

func (d *draft) need(want apkconstraint.Constraint) error {
	if d.satisfied(want) {
		return nil
	}
	for _, c := range d.providers[want.Name] {
		if !want.Conflict && want.Matches(c.version) && (c.tag == "" || c.tag == want.Tag) {
			return d.install(c)
		}
	}
	return &Unsatisfiable{Arch: d.request.Arch, Reasons: []string{fmt.Sprintf("nothing satisfies %q", want)}}
}

func (d *draft) install(c candidate) error {
	d.chosen[c.pkg] = c.repository
	for _, text := range c.pkg.Depends {
		want, err := apkconstraint.Parse(text)
		if err != nil {
			return fmt.Errorf("package %q depends: %w", c.pkg, err)
		}
		if err := d.need(want); err != nil {
			return err
		}
	}
	d.order = append(d.order, c)
	return nil
}

func (d *draft) solution() *Solution {
	s := &Solution{}
	for _, c := range d.order {
		selected := Selected{Package: c.pkg, Repository: c.repository}
		for _, text := range c.pkg.Depends {
			want, err := apkconstraint.Parse(text)
			if err != nil || want.Conflict {
				continue
			}
			for _, p := range d.providers[want.Name] {
				if _, ok := d.chosen[p.pkg]; ok && p.pkg != c.pkg && want.Matches(p.version) {
					selected.Depends = append(selected.Depends, p.pkg.Name)
				}
			}
		}
		slices.Sort(selected.Depends)
		selected.Depends = slices.Compact(selected.Depends)
		s.Packages = append(s.Packages, selected)
	}
	return s
}
