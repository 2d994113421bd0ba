package main

import (
	"context"
	"net/http"
	"os"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployment"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/deployspec"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/ocipush"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/registry"
)

// push FILE pushes what a deploy spec names.
func push(ts *testscript.TestScript, _ bool, args []string) {
	text, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	spec, err := deployspec.Parse(text)
	ts.Check(err)
	d, err := deployment.Read(spec)
	ts.Check(err)
	client := &registry.Client{Transport: http.DefaultTransport, Keychain: authn.NewMultiKeychain()}
	_, err = (&ocipush.Pusher{Registry: client, Jobs: 2}).Push(context.Background(), d)
	ts.Check(err)
}
