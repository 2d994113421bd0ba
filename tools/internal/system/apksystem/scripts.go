package apksystem

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
	"github.com/rules-apk/rules_apk/tools/internal/system/apkscript"
	"github.com/rules-apk/rules_apk/tools/internal/system/passwd"
)

// addScripted does what the packages' install scripts would do, as far as that is certain, and reports the rest.
// Scripts of upgrades and removals do not run when a system is made.
func (b *builder) addScripted(db *passwd.DB) error {
	system := &scriptSystem{builder: b, accounts: db, owners: newOwners(b.facts)}
	// As apk does: each package's scripts when it is installed, then the triggers.
	for _, f := range b.facts {
		for _, kind := range []string{".pre-install", ".post-install"} {
			b.runScript(system, f, kind)
		}
	}
	for _, f := range b.facts {
		watched, err := b.triggered(f)
		if err != nil {
			return err
		}
		if !watched || b.isBusyboxTrigger(f) {
			continue
		}
		b.runScript(system, f, ".trigger")
	}
	return nil
}

func (b *builder) runScript(system *scriptSystem, f *apkfacts.Facts, kind string) {
	text, ok := f.Scripts[kind]
	if !ok {
		return
	}
	system.accounts.From = fmt.Sprintf("%s of package %s", kind, f)
	if rest := apkscript.Run(text, system); len(rest) > 0 {
		b.report.Scripts = append(b.report.Scripts, ReportScript{
			Package: f.Name, Script: kind, Rest: rest, Acknowledged: slices.Contains(b.spec.Scripts, f.Name),
		})
	}
}

// maxTriggers bounds how many patterns of directories a package's trigger may have.
const maxTriggers = 100

// triggered says whether there is a directory that the package's trigger watches.
func (b *builder) triggered(f *apkfacts.Facts) (bool, error) {
	patterns := f.List("triggers")
	if len(patterns) > maxTriggers {
		return false, fmt.Errorf("package %s: its trigger watches %d directories, the limit is %d", f, len(patterns), maxTriggers)
	}
	for _, pattern := range patterns {
		for _, p := range b.tree.Packages {
			for _, d := range p.Dirs {
				if ok, err := path.Match(pattern, d.At.Absolute()); ok || err != nil {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// isBusyboxTrigger knows busybox's trigger, which makes the links that the system layer has, and runs depmod where
// there are kernel modules.
func (b *builder) isBusyboxTrigger(f *apkfacts.Facts) bool {
	if !strings.Contains(f.Scripts[".trigger"], "busybox --install") {
		return false
	}
	return b.applets.Knows("busybox") && !b.hasDirectoryIn(imagepath.Must("lib/modules"))
}

func (b *builder) hasDirectoryIn(dir imagepath.Path) bool {
	for _, p := range b.tree.Packages {
		for _, d := range p.Dirs {
			if d.At.Parent() == dir {
				return true
			}
		}
	}
	return false
}

// scriptSystem is the image as scripts see it.
type scriptSystem struct {
	*builder
	accounts *passwd.DB
	owners   owners
}

// Lookup implements apkscript.System.
func (s *scriptSystem) Lookup(p string) (apkscript.File, bool) {
	at, err := s.tree.ResolveName(p)
	if err != nil {
		return apkscript.File{}, false
	}
	e := s.overlay.entries[at]
	if e == nil {
		n := s.tree.Node(at)
		if n == nil {
			return apkscript.File{}, false
		}
		if e = n.Entry; e == nil {
			e = &apkfacts.Entry{Type: apkfacts.Dir, Mode: 0o755}
		}
	}
	f := apkscript.File{Mode: fs.FileMode(e.Mode & 0o777), UID: e.UID, GID: e.GID, Link: e.Link}
	switch e.Type {
	case apkfacts.Dir:
		f.Mode |= fs.ModeDir
	case apkfacts.Symlink:
		f.Mode |= fs.ModeSymlink
	case apkfacts.File, apkfacts.Hardlink:
	default:
		f.Mode |= fs.ModeIrregular
	}
	return f, true
}

// HasApplets implements apkscript.System.
func (s *scriptSystem) HasApplets(program string) bool { return s.applets.Knows(program) }

// Mkdir implements apkscript.System.
func (s *scriptSystem) Mkdir(p string) error {
	at, err := s.tree.ResolveNameAll(p)
	if err != nil {
		return err
	}
	if at.IsRoot() || s.tree.Node(at) != nil || s.overlay.entries[at] != nil {
		return nil
	}
	return s.overlay.set(apkfacts.Entry{Path: at, Type: apkfacts.Dir, Mode: 0o755}, "script")
}

// UserID implements apkscript.System.
func (s *scriptSystem) UserID(name string) (int, bool) {
	u, ok := s.accounts.User(name)
	return u.UID, ok
}

// GroupID implements apkscript.System.
func (s *scriptSystem) GroupID(name string) (int, bool) {
	g, ok := s.accounts.Group(name)
	return g.GID, ok
}

const (
	firstSystemID = 100 // of busybox's adduser -S and addgroup -S
	firstID       = 1000
)

// AddGroup implements apkscript.System.
func (s *scriptSystem) AddGroup(g apkscript.Group) (bool, error) {
	old, exists := s.accounts.Group(g.Name)
	if g.Member != "" {
		if _, ok := s.accounts.User(g.Member); !ok || !exists {
			return false, nil
		}
		return true, s.accounts.AddGroup(passwd.Group{Name: g.Name, GID: old.GID, Members: []string{g.Member}})
	}
	if exists {
		return false, nil
	}
	if g.GID < 0 {
		g.GID = s.groupID(g)
	} else if _, taken := s.accounts.GroupByID(g.GID); taken {
		return false, nil
	}
	return true, s.accounts.AddGroup(passwd.Group{Name: g.Name, GID: g.GID})
}

// groupID picks the number for a group: the one that packages' files have which say that they are this group's, so that
// they need not be changed; else the next free one, as busybox does.
func (s *scriptSystem) groupID(g apkscript.Group) int {
	for _, gid := range s.owners.groups[g.Name] {
		if _, taken := s.accounts.GroupByID(gid); !taken {
			return gid
		}
	}
	return s.accounts.FreeGID(first(g.System))
}

// owners are the numbers that packages' files have with each name, in order of appearance.
type owners struct{ users, groups map[string][]int }

func newOwners(packages []*apkfacts.Facts) owners {
	o := owners{map[string][]int{}, map[string][]int{}}
	type owner struct {
		group bool
		name  string
		id    int
	}
	known := map[owner]bool{}
	note := func(of map[string][]int, w owner) {
		if w.name != "" && w.id != 0 && !known[w] {
			known[w] = true
			of[w.name] = append(of[w.name], w.id)
		}
	}
	for _, f := range packages {
		for i := range f.Entries {
			note(o.users, owner{false, f.Entries[i].Uname, f.Entries[i].UID})
			note(o.groups, owner{true, f.Entries[i].Gname, f.Entries[i].GID})
		}
	}
	return o
}

func first(system bool) int {
	if system {
		return firstSystemID
	}
	return firstID
}

// AddUser implements apkscript.System.
func (s *scriptSystem) AddUser(u apkscript.User) (bool, error) {
	if _, exists := s.accounts.User(u.Name); exists {
		return false, nil
	}
	uid := u.UID
	if uid < 0 {
		uid = s.userID(u)
	} else if _, taken := s.accounts.UserByID(uid); taken {
		return false, nil
	}
	gid := uid
	if u.Group != "" {
		g, ok := s.accounts.Group(u.Group)
		if !ok {
			return false, nil
		}
		gid = g.GID
	}
	// Before anything is done: what cannot be done whole is not done at all.
	home, needsHome, err := s.home(u.Home, u.Name)
	if err != nil && !u.NoHome {
		return false, err
	}
	if g, exists := s.accounts.Group(u.Name); u.Group == "" && exists && g.GID != gid {
		return false, fmt.Errorf("group %q: gid is %d, and not %d as that of the user", u.Name, g.GID, gid)
	}
	err = s.accounts.AddUser(passwd.User{Name: u.Name, UID: uid, GID: gid, Gecos: u.Gecos, Home: u.Home, Shell: u.Shell})
	if err != nil {
		return false, err
	}
	// busybox makes the user a member of its own group too.
	group := passwd.Group{Name: u.Group, GID: gid, Members: []string{u.Name}}
	if u.Group == "" {
		group = passwd.Group{Name: u.Name, GID: gid}
	}
	if err := s.accounts.AddGroup(group); err != nil {
		return false, err
	}
	if u.NoHome || !needsHome {
		return true, nil
	}
	return true, s.overlay.set(apkfacts.Entry{Path: home, Type: apkfacts.Dir, Mode: 0o2755, UID: uid, GID: gid}, "home of "+u.Name)
}

// userID picks the number for a user, as groupID does.
func (s *scriptSystem) userID(u apkscript.User) int {
	for _, uid := range s.owners.users[u.Name] {
		if _, taken := s.accounts.UserByID(uid); !taken {
			return uid
		}
	}
	n := s.accounts.FreeUID(first(u.System))
	// Without a group of its own the user's number must be free as a group's too.
	for u.Group == "" {
		if _, taken := s.accounts.GroupByID(n); !taken {
			break
		}
		n = s.accounts.FreeUID(n + 1)
	}
	return n
}
