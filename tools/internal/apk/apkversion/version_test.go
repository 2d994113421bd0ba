package apkversion

import "testing"

func TestCompare(t *testing.T) {
	for _, tc := range []struct {
		a    string
		want string
		b    string
	}{
		{"1.2.3", "=", "1.2.3"},
		{"1.2", "<", "1.2.1"},
		{"1.9", "<", "1.10"},
		{"2", ">", "1.99.99"},
		{"1.01", "<", "1.1"},
		{"1.001", "<", "1.01"},
		{"1.010", ">", "1.01"},
		{"01.1", "=", "1.1"}, // the first component is a number always
		{"1.0", "<", "1.1"},
		{"1.0", ">", "1.00"},
		{"1.00", ">", "1.00_rc1"},
		{"1.00", "<", "1.00_p1"},
		{"1.01", ">", "1."},
		{"1.001", "<", "1."},
		{"1.0", ">", "1.a"},
		{"001.14.0_x-r4", "<", "001.14.0"},
		{"1.2a", ">", "1.2"},
		{"1.2a", "<", "1.2b"},
		{"1.2a", "<", "1.2.1"},
		{"1.2a1", ">", "1.2a"},
		{"1.2_alpha", "<", "1.2_beta"},
		{"1.2_beta", "<", "1.2_pre"},
		{"1.2_pre", "<", "1.2_rc"},
		{"1.2_rc", "<", "1.2"},
		{"1.2", "<", "1.2_cvs"},
		{"1.2_cvs", "<", "1.2_svn"},
		{"1.2_svn", "<", "1.2_git"},
		{"1.2_git", "<", "1.2_hg"},
		{"1.2_hg", "<", "1.2_p"},
		{"1.2_p1", "<", "1.2_p2"},
		{"1.2_rc1", "<", "1.2_rc2"},
		{"1.2_rc1", "<", "1.2-r0"},
		{"1.2_rc1_git5", ">", "1.2_rc1"},
		{"1.2-r1", "<", "1.2-r2"},
		{"1.2-r9", "<", "1.2-r10"},
		{"1.2", "<", "1.2-r0"},
		{"1.2-r5", "<", "1.2.0-r0"},
		{"1.2_p20230717-r4", ">", "1.2-r9"},
		{"1.2~abc", ">", "1.2"},
		{"1.2~abc", "<", "1.2~abd"},
		{"1.2~abc-r1", "<", "1.2~abc-r2"},
		{"6.4_p20231125", ">", "6.4"},
		{"20230506-r0", "<", "20240226-r0"},
	} {
		got := string("<=>"[Compare(tc.a, tc.b)+1])
		if got != tc.want {
			t.Errorf("Compare(%q, %q) is %s, want %s", tc.a, tc.b, got, tc.want)
		}
		if Compare(tc.a, tc.b) != -Compare(tc.b, tc.a) {
			t.Errorf("Compare(%q, %q) is not the opposite of the reverse", tc.a, tc.b)
		}
	}
}

func TestValid(t *testing.T) {
	for v, want := range map[string]bool{
		"1": true, "1.2.3": true, "1.2a": true, "1.2_alpha3": true, "1.2_rc1_p2-r3": true, "1.2~0abc-r1": true,
		"1.2-r10": true, "6.6.9_git20231231": true,
		// What apk lets pass.
		"": true, "a": true, "1.": true, "1.2-r": true, "1..a": true, "v1": true, "12345678901234567": true,
		"1.2-1": false, "1.2-rc1": false, "1.2_foo": false, "1.2ab": false, "1.2 ": false,
		"1.2aa": false, "1A": false, "123456789012345678": false,
		"1.2~xyz": false, "1.2~": false, "1.2_p.3": false, "123456789012345678901": false,
	} {
		if got := Valid(v); got != want {
			t.Errorf("Valid(%q) is %v, want %v", v, got, want)
		}
	}
}

func TestComparePrefix(t *testing.T) {
	for _, tc := range []struct {
		v, prefix string
		want      bool
	}{
		{"1.2.3-r0", "1.2.3-r0", true},
		{"1.2.3-r0", "1.2.3", true},
		{"1.2.3-r0", "1.2", true},
		{"1.2.3-r0", "1", true},
		{"1.2.3-r0", "1.2.30", false},
		{"1.25", "1.2", false},
		{"1.2a", "1.2", true},
		{"1.2_rc1", "1.2", true},
		{"1.1", "1.2", false},
		{"1.2.9", "1.2.3", false},
		{"1.2-r0", "1.2.3", true}, // sic
		{"1.2", "1.2_rc1", true},  // sic
	} {
		if got := ComparePrefix(tc.v, tc.prefix); (got == 0) != tc.want {
			t.Errorf("ComparePrefix(%q, %q) is %d, want 0: %v", tc.v, tc.prefix, got, tc.want)
		}
	}
}
