package apksystem

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
)

// Whatever names a path of the image, none can hide what its packages have, or lie outside of it.
func TestNamesThatHide(t *testing.T) {
	link := pkg("link", "", symlink("etc/l", ".wh.shadow"), symlink("etc/opaque", "/.wh..wh..opq"), symlink("home", ".wh.home"))
	for name, c := range map[string]struct {
		spec Spec
		want string
	}{
		"declared directory":    {Spec{Paths: []Path{{Type: "directory", Path: "/etc/.wh..wh..opq"}}}, `path "etc/.wh..wh..opq" has a part that starts with ".wh."`},
		"declared file":         {Spec{Paths: []Path{{Type: "empty-file", Path: "/.wh.etc"}}}, `path ".wh.etc" has a part that starts with ".wh."`},
		"below":                 {Spec{Paths: []Path{{Type: "empty-file", Path: "/.wh.etc/x"}}}, `has a part that starts with ".wh."`},
		"line break":            {Spec{Paths: []Path{{Type: "empty-file", Path: "/etc/x\nR:y"}}}, `path "etc/x\nR:y" has the control character 0x0a`},
		"hard link":             {Spec{Paths: []Path{{Type: "hardlink", Path: "/x", Source: "/.wh.y"}}}, `has a part that starts with ".wh."`},
		"by a package's link":   {Spec{Paths: []Path{{Type: "empty-file", Path: "/etc/l/x"}}}, `has a part that starts with ".wh."`},
		"opaque by a link":      {Spec{Paths: []Path{{Type: "empty-file", Path: "/etc/opaque/x"}}}, `has a part that starts with ".wh."`},
		"home":                  {Spec{Accounts: Accounts{Users: []User{{Name: "u", UID: 7, Home: "/.wh.etc"}}}}, `has a part that starts with ".wh."`},
		"home by a link":        {Spec{Accounts: Accounts{Users: []User{{Name: "u", UID: 7}}}}, `has a part that starts with ".wh."`},
		"certificate":           {Spec{Certificates: []Named{{".wh.a.pem", []byte(certificate(t))}}}, `has a part that starts with ".wh."`},
		"key":                   {Spec{Keys: []Named{{".wh.a.rsa.pub", []byte("-----BEGIN PUBLIC KEY-----")}}}, `has a part that starts with ".wh."`},
		"repository of 2 lines": {Spec{Repositories: []string{"https://a\nhttps://b"}}, "want one line of text"},
		"architecture of 2":     {Spec{Arch: "x86_64\nx"}, "want one line of text"},
		"user of two lines":     {Spec{Accounts: Accounts{Users: []User{{Name: "u", UID: 7, Gecos: "a\rb"}}}}, "want text without colons and line breaks"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.spec.Arch == "" {
				c.spec.Arch = "x86_64"
			}
			var out bytes.Buffer
			if _, _, err := Build(&out, &c.spec, []*apkfacts.Facts{link}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}

// What a script asks for that no image can have is not done, is reported, and stops nobody who says that he needs it
// not.
func TestScriptsThatAskForTheImpossible(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"whiteout":          {"mkdir -p /etc/.wh.x", `mkdir -p /etc/.wh.x (path "etc/.wh.x" has a part that starts with ".wh.", which in a layer says that something is removed…)`},
		"opaque":            {"mkdir -p /.wh..wh..opq/x", `has a part that starts with ".wh."`},
		"relative":          {"mkdir -p .wh.etc", `has a part that starts with ".wh."`},
		"colon in -g":       {"addgroup g\nadduser -S -D -G g -g 'a:b' u", `adduser -S -D -G g -g 'a:b' u (user "u": got "a:b", want text without colons and line breaks)`},
		"home":              {"adduser -D -h /.wh.etc u", `has a part that starts with ".wh."`},
		"name":              {"addgroup -S a:b", "want a name without spaces"},
		"a file on the way": {"mkdir -p /file/x", "file is a file (package p-1-r0), want a directory"},
		"group of its own":  {"addgroup -g 7 u\nadduser -D -u 9 -h /nonexistent u", `group "u": gid is 7, and not 9 as that of the user`},
	} {
		t.Run(name, func(t *testing.T) {
			p := pkg("p", "", file("file", ""))
			p.Scripts = map[string]string{".post-install": c.script}
			for _, scripts := range [][]string{nil, {"p"}} {
				var out bytes.Buffer
				_, report, err := Build(&out, &Spec{Arch: "x86_64", Scripts: scripts}, []*apkfacts.Facts{p})
				if err != nil {
					t.Fatal(err)
				}
				if len(report.Scripts) != 1 || !strings.Contains(strings.Join(report.Scripts[0].Rest, "\n"), c.want) {
					t.Errorf("report is %+v, want one with %q", report.Scripts, c.want)
				}
				if got := len(report.Warnings()); got != 1-len(scripts) {
					t.Errorf("%d warnings with %v", got, scripts)
				}
			}
			files, err := build(t, &Spec{}, p)
			if err != nil {
				t.Fatal(err)
			}
			for path := range files {
				if strings.Contains("/"+path, "/.wh.") || strings.HasPrefix(path, "file/") {
					t.Errorf("the layer has %s", path)
				}
			}
			if users := files["etc/passwd"]; strings.Contains(users, "u:") {
				t.Errorf("etc/passwd has a user that is not made whole:\n%s", users)
			}
		})
	}
}
