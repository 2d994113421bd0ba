package usrmerge

import "testing"

func TestPath(t *testing.T) {
	for name, want := range map[string]string{
		"lib/x86_64-linux-gnu/libc.so.6": "usr/lib/x86_64-linux-gnu/libc.so.6",
		"bin":                            "usr/bin", "sbin/ldconfig": "usr/sbin/ldconfig", "lib64/ld.so": "usr/lib64/ld.so",
		"usr/lib/a": "usr/lib/a", "etc/lib/a": "etc/lib/a", "library/a": "library/a", "libexec": "libexec",
	} {
		if got := Path(name); got != want {
			t.Errorf("%s lies at %s, want %s", name, got, want)
		}
	}
}

func TestTarget(t *testing.T) {
	for _, c := range []struct{ name, target, want string }{
		{"lib/x/libz.so.1", "libz.so.1.2.13", "libz.so.1.2.13"},
		{"lib/ld-linux-aarch64.so.1", "aarch64-linux-gnu/ld.so", "aarch64-linux-gnu/ld.so"},
		{"lib64/ld.so.2", "/lib/x86_64-linux-gnu/ld.so.2", "/lib/x86_64-linux-gnu/ld.so.2"},
		{"lib/x/a", "../../usr/share/a", "../../share/a"},
		{"lib/x/a", "../../etc/a", "../../../etc/a"},
		{"sbin/tool", "../bin/tool", "../bin/tool"},
		{"bin/sh", "dash", "dash"},
		{"usr/lib/x/libz.so", "../../../lib/x/libz.so.1", "../../../lib/x/libz.so.1"},
		{"usr/bin/python3", "python3.11", "python3.11"},
	} {
		if got := Target(c.name, c.target); got != c.want {
			t.Errorf("%s -> %s becomes %s, want %s", c.name, c.target, got, c.want)
		}
	}
}
