package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
)

// A worker that is asked for another build of the program must not answer in its place.
func TestWorkerOfAnotherBuild(t *testing.T) {
	var out bytes.Buffer
	w := worker{program: "/base/execroot/_main/bazel-out/bin/ocibuild", startup: []string{"index"}, out: json.NewEncoder(&out)}
	err := w.serve(context.Background(), strings.NewReader(`
		{"inputs":[{"path":"bazel-out/bin/ocibuild","digest":"old"},{"path":"a","digest":"1"}],"requestId":1}
		{"inputs":[{"path":"bazel-out/bin/ocibuild","digest":"old"},{"path":"a","digest":"2"}],"requestId":2}
		{"inputs":[{"path":"bazel-out/bin/ocibuild","digest":"new"}],"requestId":3}`))
	if err == nil || !strings.Contains(err.Error(), "bazel-out/bin/ocibuild has changed since Bazel started it") {
		t.Errorf("got %v, want an error that says that the program has changed", err)
	}
	if answers := strings.Count(out.String(), "requestId"); answers != 2 || strings.Contains(out.String(), `"requestId":3`) {
		t.Errorf("got %s, want answers to the first two requests", out.String())
	}
}
