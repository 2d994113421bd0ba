package version

import "testing"

func TestAPK(t *testing.T) {
	for deb, want := range map[string]string{
		"1.0":                   "1.0-r0",
		"3.11.2-6+deb12u9":      "3.11.2_p6_p12_p9-r0",
		"3.0.22-1~deb12u2":      "3.0.22_p1_pre12_p2-r0",
		"20250419~deb12u2":      "20250419_pre12_p2-r0",
		"20230311+deb12u1":      "20230311_p12_p1-r0",
		"1:1.2.13.dfsg-1":       "1000000000001.2.13.0_p1-r0",
		"5.3.28+dfsg2-1":        "5.3.28.0.2_p1-r0",
		"2024b-0+deb12u1":       "2024b_p0_p12_p1-r0",
		"1.0~rc1-1":             "1.0_rc1_p1-r0",
		"1.0~beta2+dfsg3-1":     "1.0_beta2_p3_p1-r0",
		"8.2-1.3":               "8.2_p1_p3-r0",
		"1.47.0-2+b2":           "1.47.0_p2_p2-r0",
		"2.06-1":                "2.6_p1-r0",
		"1.0a.2-1":              "1.0a2_p1-r0",
		"0.0~git20230101-1":     "0.0_pre20230101_p1-r0",
		"12-20220319-1":         "12.0.20220319_p1-r0",
		"1.0-00001234567890000": "1.0_p1234567890000-r0",
	} {
		got, err := APK(deb)
		if err != nil || got != want {
			t.Errorf("%s became %q (%v), want %q", deb, got, err, want)
		}
	}
}

func TestAPKRefuses(t *testing.T) {
	for _, deb := range []string{"", "x:1", "r3-1", "1.123456789012345678-1", "1 2"} {
		if got, err := APK(deb); err == nil {
			t.Errorf("%q became %q, want an error", deb, got)
		}
	}
}

// TestOrder holds ascending lists: what occurs in one package's life.
func TestOrder(t *testing.T) {
	for _, ascending := range [][]string{
		{"3.0.0", "3.0.15-1~deb12u1", "3.0.15-1", "3.0.17-1~deb12u2", "3.0.17-1~deb12u3", "3.0.20-1~deb12u2", "3.0.22-1~deb12u2"},
		{"3.11.2~", "3.11.2~rc1-1", "3.11.2-1", "3.11.2-6", "3.11.2-6+b1", "3.11.2-6+deb12u1", "3.11.2-6+deb12u9", "3.11.2-6+deb12u10", "3.11.2-7", "3.11.10-1"},
		{"20230311", "20230311+deb12u1", "20250419~deb12u2", "20250419"},
		{"9:0", "10:0"},
		{"20230311", "1:1.2.11.dfsg-4", "1:1.2.13", "1:1.2.13.dfsg-1", "1:1.2.13.dfsg-1+b1", "1:1.3-1", "2:0.1-1"},
		{"5.3.28-1", "5.3.28+dfsg1-0.5", "5.3.28+dfsg1-0.8", "5.3.28+dfsg2-1", "5.3.28.1-1"},
		{"1.0~alpha1-1", "1.0~beta1-1", "1.0~rc1-1", "1.0~rc2-1", "1.0-1", "1.0-1.1", "1.0-2"},
		{"1.1.1", "1.1.1-1", "1.1.1k-1", "1.1.1n-0+deb11u1", "1.1.1n-0+deb11u5", "1.1.1.1"},
		{"2024a-0+deb12u1", "2024b-0+deb12u1", "2025a-0"},
	} {
		for i, a := range ascending {
			for _, b := range ascending[i:] {
				if a != b && Compare(a, b) >= 0 {
					t.Errorf("the test's list is wrong: %s is not older than %s", a, b)
				}
				if err := Same(a, b); err != nil {
					t.Error(err)
				}
				if err := Same(b, a); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestSameSeesCollisions(t *testing.T) {
	if err := Same("1.0+x1-1", "1.0+y1-1"); err == nil {
		t.Error("two versions became one, want an error")
	}
}
