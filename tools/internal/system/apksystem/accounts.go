package apksystem

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
	"github.com/rules-apk/rules_apk/tools/internal/imagepath"
	"github.com/rules-apk/rules_apk/tools/internal/system/passwd"
)

// Accounts are users and groups that the image has besides its packages' own.
type Accounts struct {
	Users  []User  `json:"users,omitempty"`
	Groups []Group `json:"groups,omitempty"`
	// RunAs is the account of the image's processes: a user's name, or a uid, and optionally ":" and a group's name or
	// gid.
	RunAs string `json:"run_as,omitempty"`
}

// User is one user. Its group is made, with the user's name, if no group has its gid.
type User struct {
	Name string `json:"name"`
	UID  int    `json:"uid"`
	// GID is the uid, if absent.
	GID *int `json:"gid,omitempty"`
	// Home is /home/NAME, if absent. The directory is made, and is the user's, unless a package has it.
	Home  string `json:"home,omitempty"`
	Shell string `json:"shell,omitempty"` // /sbin/nologin, if absent
	Gecos string `json:"gecos,omitempty"` // the name, if absent
	// Groups are names of further groups that the user is a member of.
	Groups []string `json:"groups,omitempty"`
}

// Group is one group.
type Group struct {
	Name    string   `json:"name"`
	GID     int      `json:"gid"`
	Members []string `json:"members,omitempty"`
}

const (
	passwdFile = "etc/passwd"
	groupFile  = "etc/group"
	shadowFile = "etc/shadow"
)

// accountFiles returns what the packages have in the three files.
func (b *builder) accountFiles() (*passwd.DB, error) {
	content := func(p string) []byte {
		if n := b.tree.Node(imagepath.Must(p)); n != nil && n.Entry != nil {
			return n.Entry.Content
		}
		return nil
	}
	from := func(p string) string {
		if n := b.tree.Node(imagepath.Must(p)); n != nil {
			return fmt.Sprintf("%s of package %s", p, b.tree.Packages[n.Owner].Facts)
		}
		return p
	}
	db, err := passwd.Parse(content(passwdFile), content(groupFile), content(shadowFile))
	if err != nil {
		return nil, err
	}
	db.PasswdFrom, db.GroupFrom = from(passwdFile), from(groupFile)
	db.Day = b.built.Unix() / 86400
	return db, nil
}

// addAccounts merges the packages' accounts, those that their scripts would add, and the image's.
func addAccounts(b *builder) error {
	db, err := b.accountFiles()
	if err != nil {
		return err
	}
	before := [][]byte{db.Passwd(), db.GroupFile(), db.Shadow()}
	if err := b.addScripted(db); err != nil {
		return err
	}
	db.From = "another of the image's accounts"
	for _, g := range b.spec.Accounts.Groups {
		if err := db.AddGroup(passwd.Group{Name: g.Name, GID: g.GID}); err != nil {
			return fmt.Errorf("accounts: %w", err)
		}
	}
	for _, u := range b.spec.Accounts.Users {
		if err := b.addUser(db, u); err != nil {
			return fmt.Errorf("accounts: %w", err)
		}
	}
	// Last, because a member may be a user of the image.
	for _, g := range b.spec.Accounts.Groups {
		for _, m := range g.Members {
			if _, ok := db.User(m); !ok {
				return fmt.Errorf("accounts: group %q: its member %q is no user; define it", g.Name, m)
			}
		}
		if err := db.AddGroup(passwd.Group{Name: g.Name, GID: g.GID, Members: g.Members}); err != nil {
			return fmt.Errorf("accounts: %w", err)
		}
	}
	b.accounts = db
	if err := b.resolveRunAs(db); err != nil {
		return err
	}
	for i, f := range []struct {
		path    string
		content []byte
		mode    apkfacts.Mode
	}{
		{passwdFile, db.Passwd(), 0o644},
		{groupFile, db.GroupFile(), 0o644},
		{shadowFile, db.Shadow(), 0o640},
	} {
		if string(f.content) == string(before[i]) {
			continue
		}
		e := apkfacts.Entry{Path: imagepath.Must(f.path), Mode: f.mode}
		if n := b.tree.Node(e.Path); n != nil && n.Entry != nil {
			e.Mode, e.UID, e.GID = n.Entry.Mode, n.Entry.UID, n.Entry.GID
		} else if g, ok := db.Group("shadow"); ok && f.path == shadowFile {
			e.GID = g.GID
		}
		e.Content = f.content
		if err := b.overlay.set(e, "accounts"); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) addUser(db *passwd.DB, u User) error {
	gid := u.UID
	if u.GID != nil {
		gid = *u.GID
	}
	home, shell, gecos := u.Home, u.Shell, u.Gecos
	if home == "" {
		home = "/home/" + u.Name
	}
	if shell == "" {
		shell = "/sbin/nologin"
	}
	if gecos == "" {
		gecos = u.Name
	}
	if !strings.HasPrefix(home, "/") {
		return fmt.Errorf("user %q: home is %q, want an absolute path", u.Name, home)
	}
	_, exists := db.User(u.Name)
	if err := db.AddUser(passwd.User{Name: u.Name, UID: u.UID, GID: gid, Gecos: gecos, Home: home, Shell: shell}); err != nil {
		return err
	}
	if _, ok := db.GroupByID(gid); !ok {
		if err := db.AddGroup(passwd.Group{Name: u.Name, GID: gid}); err != nil {
			return fmt.Errorf("user %q: no group has gid %d, so one is made: %w", u.Name, gid, err)
		}
	}
	for _, name := range u.Groups {
		g, ok := db.Group(name)
		if !ok {
			return fmt.Errorf("user %q: its group %q is not defined; add it to the image's groups", u.Name, name)
		}
		if err := db.AddGroup(passwd.Group{Name: name, GID: g.GID, Members: []string{u.Name}}); err != nil {
			return err
		}
	}
	if exists {
		return nil
	}
	return b.addHome(home, u.UID, gid, 0o755, u.Name)
}

// addHome makes a home directory unless something is there.
func (b *builder) addHome(home string, uid, gid int, mode apkfacts.Mode, user string) error {
	at, needed, err := b.home(home, user)
	if err != nil || !needed {
		return err
	}
	return b.overlay.set(apkfacts.Entry{Path: at, Type: apkfacts.Dir, Mode: mode, UID: uid, GID: gid}, "home of "+user)
}

// home returns where a home directory is to be made; it is not needed where something is.
func (b *builder) home(home, user string) (at imagepath.Path, needed bool, err error) {
	if home == "/nonexistent" || strings.HasPrefix(home, "/dev/") || strings.HasPrefix(home, "/proc/") {
		return at, false, nil // names for having none
	}
	if at, err = b.tree.ResolveNameAll(home); err != nil {
		return at, false, fmt.Errorf("user %q: home: %w", user, err)
	}
	return at, !at.IsRoot() && b.tree.Node(at) == nil, nil
}

// resolveRunAs turns the account's name into the numbers that a runtime needs not look up.
func (b *builder) resolveRunAs(db *passwd.DB) error {
	if b.spec.Accounts.RunAs == "" {
		return nil
	}
	name, group, hasGroup := strings.Cut(b.spec.Accounts.RunAs, ":")
	var uid, gid int
	if u, ok := db.User(name); ok {
		uid, gid = u.UID, u.GID
	} else if n, err := strconv.ParseUint(name, 10, 31); err == nil {
		uid, gid = int(n), int(n)
		if known, ok := db.UserByID(uid); ok {
			u, _ := db.User(known)
			gid = u.GID
		} else if !hasGroup {
			gid = 0
		}
	} else {
		return fmt.Errorf("run_as: user is %q, which neither a package nor the image's accounts define; define it, or give a number", name)
	}
	if hasGroup {
		if g, ok := db.Group(group); ok {
			gid = g.GID
		} else if n, err := strconv.ParseUint(group, 10, 31); err == nil {
			gid = int(n)
		} else {
			return fmt.Errorf("run_as: group is %q, which neither a package nor the image's accounts define; define it, or give a number", group)
		}
	}
	b.report.User = fmt.Sprintf("%d:%d", uid, gid)
	return nil
}
