package licence

import "testing"

func TestExpression(t *testing.T) {
	const format = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
	for _, c := range []struct{ name, text, want string }{
		{"machine-readable", format + "Files: *\nLicense: GPL-2+\n\nFiles: x\nLicense: Expat\n The text.\n\nLicense: GPL-2+\n Its text.\n",
			"GPL-2.0-or-later AND MIT"},
		{"choices and exceptions", format + "Files: *\nLicense: LGPL-2.1+ or BSD-3-clause, and GPL-3 with GCC exception\n",
			"BSD-3-Clause AND GPL-3.0-only AND LGPL-2.1-or-later"},
		{"unknown to SPDX", format + "Files: *\nLicense: public_domain\n", "LicenseRef-public-domain"},
		{"prose", "It is free.\nSee /usr/share/common-licenses/LGPL-2.1.\nOr `/usr/share/common-licenses/GPL-3'.", "GPL-3.0-only AND LGPL-2.1-only"},
		{"Python's", "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2\n...", "PSF-2.0"},
		{"any version", "See /usr/share/common-licenses/GPL.", "GPL-1.0-or-later"},
		{"nothing", "Ask the author.", "LicenseRef-Debian-libfoo-1"},
		{"absent", "", "LicenseRef-Debian-libfoo-1"},
	} {
		if got := Expression("libfoo_1", c.text); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
