package runtest

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/system/passwd"
	"github.com/rules-apk/rules_apk/tools/rootfs"
)

// lookUpUser reads an image's user, `user[:group]`, each a name or a number: names are those of passwd and group below
// root. A user without a group gets that of its line in passwd, or group 0 if it has none.
func lookUpUser(root, text string) (user, error) {
	if text == "" {
		return user{}, nil
	}
	var files [2][]byte
	for i, name := range []string{"/etc/passwd", "/etc/group"} {
		var err error
		if files[i], err = rootfs.ReadFile(root, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return user{}, err
		}
	}
	db, err := passwd.Parse(files[0], files[1], nil)
	if err != nil {
		return user{}, err
	}
	name, group, hasGroup := strings.Cut(text, ":")
	var u user
	if u.UID, err = strconv.Atoi(name); err == nil {
		name, _ = db.UserByID(u.UID)
	}
	known, ok := db.User(name)
	switch {
	case ok:
		u = user{known.UID, known.GID}
	case err != nil:
		return user{}, fmt.Errorf("the image's user is %q, want one that its /etc/passwd has, or a number", text)
	}
	if !hasGroup {
		return u, nil
	}
	if u.GID, err = strconv.Atoi(group); err == nil {
		return u, nil
	}
	g, ok := db.Group(group)
	if !ok {
		return user{}, fmt.Errorf("the image's user is %q, want a group that its /etc/group has, or a number", text)
	}
	u.GID = g.GID
	return u, nil
}
