// Package passwd reads and writes /etc/passwd, /etc/group and /etc/shadow, in the formats of passwd(5), group(5) and
// shadow(5), and adds to them. Lines that are not changed stay as they are, comments included.
package passwd

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// User is a line of passwd. The password is always in shadow.
type User struct {
	Name     string
	UID, GID int
	Gecos    string // what the user is called
	Home     string
	Shell    string
}

// Group is a line of group.
type Group struct {
	Name    string
	GID     int
	Members []string // those for whom it is not the first group
}

// DB is the three files.
type DB struct {
	passwd, group, shadow []string // lines
	users                 map[string]User
	groups                map[string]*groupLine
	uids, gids            *ids
	shadowed              map[string]bool
	// Day is what new lines of shadow state as the day of the last change, in days since 1970.
	Day int64
	// From tells who adds what is added next, for errors: "the image", "a script of package x".
	From string
	// PasswdFrom and GroupFrom tell whose the parsed files are.
	PasswdFrom, GroupFrom string
	// userFrom and groupFrom are From of the accounts that were added, by name.
	userFrom, groupFrom map[string]string
}

// groupLine is a group and which line it has.
type groupLine struct {
	Group
	line    int
	changed bool // the line is not as it was read
	members map[string]bool
}

// Parse reads the contents of the three files; each may be nil.
func Parse(passwd, group, shadow []byte) (*DB, error) {
	d := &DB{
		passwd:   lines(passwd),
		group:    lines(group),
		shadow:   lines(shadow),
		users:    map[string]User{},
		groups:   map[string]*groupLine{},
		uids:     newIDs(),
		gids:     newIDs(),
		shadowed: map[string]bool{},

		PasswdFrom: "etc/passwd",
		GroupFrom:  "etc/group",

		userFrom:  map[string]string{},
		groupFrom: map[string]string{},
	}
	for i, line := range d.passwd {
		f := strings.Split(line, ":")
		if skip(line) {
			continue
		}
		if len(f) != 7 {
			return nil, fmt.Errorf("etc/passwd: line %d has %d fields, want 7: %q", i+1, len(f), line)
		}
		uid, err := id(f[2])
		if err != nil {
			return nil, fmt.Errorf("etc/passwd: line %d: uid: %w", i+1, err)
		}
		gid, err := id(f[3])
		if err != nil {
			return nil, fmt.Errorf("etc/passwd: line %d: gid: %w", i+1, err)
		}
		if _, ok := d.users[f[0]]; !ok {
			d.users[f[0]] = User{Name: f[0], UID: uid, GID: gid, Gecos: f[4], Home: f[5], Shell: f[6]}
			d.uids.take(uid, f[0])
		}
	}
	for i, line := range d.group {
		f := strings.Split(line, ":")
		if skip(line) {
			continue
		}
		if len(f) != 4 {
			return nil, fmt.Errorf("etc/group: line %d has %d fields, want 4: %q", i+1, len(f), line)
		}
		gid, err := id(f[2])
		if err != nil {
			return nil, fmt.Errorf("etc/group: line %d: gid: %w", i+1, err)
		}
		if _, ok := d.groups[f[0]]; ok {
			continue
		}
		g := Group{Name: f[0], GID: gid}
		if f[3] != "" {
			g.Members = strings.Split(f[3], ",")
		}
		d.addGroup(g, i)
	}
	for _, line := range d.shadow {
		name, _, _ := strings.Cut(line, ":")
		d.shadowed[name] = true
	}
	return d, nil
}

func lines(data []byte) []string {
	if len(data) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

func skip(line string) bool { return line == "" || strings.HasPrefix(line, "#") }

func id(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("got %q, want a number", s)
	}
	return int(n), nil
}

// User returns the user of that name.
func (d *DB) User(name string) (User, bool) {
	u, ok := d.users[name]
	return u, ok
}

// Group returns the group of that name.
func (d *DB) Group(name string) (Group, bool) {
	if g, ok := d.groups[name]; ok {
		return g.Group, true
	}
	return Group{}, false
}

// UserByID returns the name of the user with that uid, the first by name if there are several.
func (d *DB) UserByID(uid int) (name string, ok bool) {
	name, ok = d.uids.names[uid]
	return name, ok
}

// GroupByID returns the name of the group with that gid, the first by name if there are several.
func (d *DB) GroupByID(gid int) (name string, ok bool) {
	name, ok = d.gids.names[gid]
	return name, ok
}

func (d *DB) fromOfUser(name string) string {
	if from, added := d.userFrom[name]; added {
		return from
	}
	return d.PasswdFrom
}

func (d *DB) fromOfGroup(name string) string {
	if from, added := d.groupFrom[name]; added {
		return from
	}
	return d.GroupFrom
}

// AddUser adds a user, with a locked password. A user that is there with the same uid and gid stays as it is; with
// others, or a uid that is somebody else's, is an error.
func (d *DB) AddUser(u User) error {
	if err := check(u.Name, u.UID, u.Gecos, u.Home, u.Shell); err != nil {
		return fmt.Errorf("user %q: %w", u.Name, err)
	}
	if old, ok := d.users[u.Name]; ok {
		if old.UID != u.UID || old.GID != u.GID {
			return fmt.Errorf("user %q: uid:gid is %d:%d, but %s has it with %d:%d; use those, or another name",
				u.Name, u.UID, u.GID, d.fromOfUser(u.Name), old.UID, old.GID)
		}
		return nil
	}
	if other, ok := d.UserByID(u.UID); ok {
		return fmt.Errorf("user %q: uid %d is already that of user %q (%s); use another", u.Name, u.UID, other, d.fromOfUser(other))
	}
	d.users[u.Name], d.userFrom[u.Name] = u, d.From
	d.uids.take(u.UID, u.Name)
	d.passwd = append(d.passwd, fmt.Sprintf("%s:x:%d:%d:%s:%s:%s", u.Name, u.UID, u.GID, u.Gecos, u.Home, u.Shell))
	if !d.shadowed[u.Name] {
		d.shadowed[u.Name] = true
		d.shadow = append(d.shadow, fmt.Sprintf("%s:!:%d:0:99999:7:::", u.Name, d.Day))
	}
	return nil
}

// AddGroup adds a group, or, if it is there with the same gid, its members.
func (d *DB) AddGroup(g Group) error {
	if err := check(g.Name, g.GID, g.Members...); err != nil {
		return fmt.Errorf("group %q: %w", g.Name, err)
	}
	old, ok := d.groups[g.Name]
	switch {
	case ok && old.GID != g.GID:
		return fmt.Errorf("group %q: gid is %d, but %s has it with %d; use that, or another name", g.Name, g.GID, d.fromOfGroup(g.Name), old.GID)
	case !ok:
		if other, taken := d.GroupByID(g.GID); taken {
			return fmt.Errorf("group %q: gid %d is already that of group %q (%s); use another", g.Name, g.GID, other, d.fromOfGroup(other))
		}
		d.groupFrom[g.Name] = d.From
		old = d.addGroup(Group{Name: g.Name, GID: g.GID}, len(d.group))
		d.group = append(d.group, "")
	}
	old.changed = true
	for _, m := range g.Members {
		if !old.members[m] {
			old.members[m] = true
			old.Members = append(old.Members, m)
		}
	}
	return nil
}

func (d *DB) addGroup(g Group, line int) *groupLine {
	added := &groupLine{Group: g, line: line, members: map[string]bool{}}
	for _, m := range g.Members {
		added.members[m] = true
	}
	d.groups[g.Name] = added
	d.gids.take(g.GID, g.Name)
	return added
}

// FreeUID returns the first number from first on that is no uid.
func (d *DB) FreeUID(first int) int {
	return d.uids.free(first)
}

// FreeGID returns the first number from first on that is no gid.
func (d *DB) FreeGID(first int) int {
	return d.gids.free(first)
}

func check(name string, id int, fields ...string) error {
	if name == "" || name[0] == '-' || name[0] == '#' || strings.ContainsAny(name, ":,/ ") || strings.ContainsFunc(name, unicode.IsControl) {
		return fmt.Errorf("want a name without spaces, colons, commas and slashes")
	}
	if id < 0 || id > 1<<31-1 {
		return fmt.Errorf("its number is %d, want one from 0 to 2147483647", id)
	}
	for _, f := range fields {
		if strings.Contains(f, ":") || strings.ContainsFunc(f, unicode.IsControl) {
			return fmt.Errorf("got %q, want text without colons and line breaks", f)
		}
	}
	return nil
}

// Passwd returns the content of etc/passwd.
func (d *DB) Passwd() []byte { return join(d.passwd) }

// GroupFile returns the content of etc/group.
func (d *DB) GroupFile() []byte {
	for _, g := range d.groups {
		if g.changed {
			d.group[g.line] = fmt.Sprintf("%s:x:%d:%s", g.Name, g.GID, strings.Join(g.Members, ","))
		}
	}
	return join(d.group)
}

// Shadow returns the content of etc/shadow.
func (d *DB) Shadow() []byte { return join(d.shadow) }

func join(lines []string) []byte {
	var b bytes.Buffer
	for _, l := range lines {
		b.WriteString(l)
		b.WriteByte('\n')
	}
	return b.Bytes()
}
