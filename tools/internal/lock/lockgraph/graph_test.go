package lockgraph_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockgraph"
)

// needs are requirements that packages of the same names meet.
func needs(names ...string) []lockfile.Requirement {
	var list []lockfile.Requirement
	for _, name := range names {
		list = append(list, lockfile.Requirement{Needs: name, By: []string{name}})
	}
	return list
}

func lock() *lockfile.Lock {
	return &lockfile.Lock{
		Config: lockfile.Config{Packages: []string{"!bash", "openssl", "sh", "zlib>1"}},
		Packages: []lockfile.Package{
			{Name: "busybox", Version: "1.36-r0", Arch: "x86_64", Depends: needs("musl"), Provides: []string{"sh", "cmd:ls=1.36-r0"}},
			{Name: "libssl3", Version: "3-r0", Arch: "x86_64", Depends: needs("musl")},
			{Name: "musl", Version: "1-r0", Arch: "aarch64"},
			{Name: "musl", Version: "1-r0", Arch: "x86_64"},
			{Name: "openssl", Version: "3-r0", Arch: "x86_64", Depends: needs("libssl3")},
			{Name: "ssl_client", Version: "1.36-r0", Arch: "x86_64", Depends: needs("libssl3", "musl"), InstallIf: needs("busybox", "openssl")},
			{Name: "zlib", Version: "1.3-r0", Arch: "x86_64"},
		},
	}
}

func graph(t *testing.T) *lockgraph.Graph {
	t.Helper()
	g, err := lockgraph.New(lock(), "x86_64")
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestChains(t *testing.T) {
	g := graph(t)
	var roots []string
	for _, node := range g.Tree() {
		roots = append(roots, node.Name)
	}
	if want := []string{"busybox", "openssl", "zlib"}; !slices.Equal(roots, want) {
		t.Errorf("roots %q, want %q", roots, want)
	}
	for _, tt := range []struct {
		name string
		want []string
	}{
		{"zlib", []string{"zlib"}},
		{"musl", []string{"busybox -> musl", "openssl -> libssl3 -> musl"}},
		{"ssl_client", []string{"busybox -(install_if)-> ssl_client", "openssl -(install_if)-> ssl_client"}},
		{"libssl3", []string{"busybox -(install_if)-> ssl_client -> libssl3", "openssl -> libssl3"}},
	} {
		var got []string
		for _, c := range g.Chains(tt.name) {
			got = append(got, c.String())
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n%s\nwant:\n%s", tt.name, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
	}
}

func TestFind(t *testing.T) {
	g := graph(t)
	for _, tt := range []struct{ name, want string }{{"musl", "musl"}, {"sh", "busybox"}, {"cmd:ls", "busybox"}} {
		if got, err := g.Find(tt.name); err != nil || !slices.Equal(got, []string{tt.want}) {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
	_, err := g.Find("opensll")
	var missing *lockgraph.NotLocked
	if !errors.As(err, &missing) || missing.Suggestion != "openssl" {
		t.Errorf("opensll: %v", err)
	}
}

func TestNewMissingRoot(t *testing.T) {
	if _, err := lockgraph.New(lock(), "aarch64"); err == nil || !strings.Contains(err.Error(), `asks for "openssl"`) {
		t.Errorf("error %v", err)
	}
	l := lock()
	l.Config.Packages = []string{"zlib>2"}
	if _, err := lockgraph.New(l, "x86_64"); err == nil || !strings.Contains(err.Error(), `asks for "zlib>2"`) {
		t.Errorf("error %v", err)
	}
}

func TestTree(t *testing.T) {
	var got []string
	var walk func(n *lockgraph.Node, depth int)
	walk = func(n *lockgraph.Node, depth int) {
		got = append(got, fmt.Sprintf("%s%s install_if=%v repeated=%v", strings.Repeat(" ", depth), n.Name, n.InstallIf, n.Repeated))
		for _, c := range n.Children {
			walk(c, depth+1)
		}
	}
	for _, n := range graph(t).Tree() {
		walk(n, 0)
	}
	want := []string{
		"busybox install_if=false repeated=false",
		" musl install_if=false repeated=false",
		" ssl_client install_if=true repeated=false",
		"  libssl3 install_if=false repeated=false",
		"   musl install_if=false repeated=false",
		"  musl install_if=false repeated=false",
		"openssl install_if=false repeated=false",
		" libssl3 install_if=false repeated=true",
		" ssl_client install_if=true repeated=true",
		"zlib install_if=false repeated=false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
