package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apkoracle"
	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
	"github.com/rules-apk/rules_apk/tools/internal/test/realpackages"
)

// What is forged out of the real index of Alpine, the real apk takes none of, and neither does this project.
func TestForgedRealIndex(t *testing.T) {
	real := realpackages.Dir(t)
	oracle, err := apkoracle.New(real, t.TempDir())
	if errors.Is(err, apkoracle.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	genuine, err := os.ReadFile(filepath.Join(real, "index/alpine-3.19/main", apkoracle.Arch, "APKINDEX.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	var keyring apksign.Keyring
	if err := keyring.AddFS(os.DirFS(filepath.Join(real, "keys"))); err != nil {
		t.Fatal(err)
	}
	if list, err := oracle.Listed(genuine); err != nil || len(list) < 5000 {
		t.Fatalf("of the genuine index apk lists %d packages, %v", len(list), err)
	}
	for name, way := range map[string]func([]byte) ([]byte, error){
		"swallow": forgeSwallow, "end": forgeEnd, "inside": forgeInside, "first": forgeFirst,
		"member": forgeMember, "again": forgeAgain, "append": forgeAppend,
	} {
		t.Run(name, func(t *testing.T) {
			forged, err := way(genuine)
			if err != nil {
				t.Fatal(err)
			}
			list, err := oracle.Listed(forged)
			var refusal *apkoracle.Refusal
			if !errors.As(err, &refusal) {
				t.Errorf("apk lists %d packages, among them 9.9.9-r0: %v; error %v", len(list), strings.Contains(strings.Join(list, " "), "musl-9.9.9-r0"), err)
			} else {
				line, _, _ := strings.Cut(refusal.Output, "\n")
				t.Logf("apk: %s", line)
			}
			_, signed, err := keyring.VerifyArchive(forged)
			if err == nil {
				_, err = apkindex.Read(signed)
			}
			if err == nil {
				t.Error("this project takes it")
			}
			t.Logf("here: %v", err)
		})
	}
}
