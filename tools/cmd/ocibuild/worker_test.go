package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// answers gives a worker requests and returns its answers by their requests' ids.
func answers(t *testing.T, w *worker, requests string) map[int]workResponse {
	t.Helper()
	var out bytes.Buffer
	w.out = json.NewEncoder(&out)
	if err := w.serve(context.Background(), strings.NewReader(requests)); err != nil {
		t.Fatalf("the worker ended: %v", err)
	}
	got := map[int]workResponse{}
	for decoder := json.NewDecoder(&out); decoder.More(); {
		var response workResponse
		if err := decoder.Decode(&response); err != nil {
			t.Fatal(err)
		}
		got[response.RequestID] = response
	}
	return got
}

// Of a worker that is asked for another build of the program, Bazel says "Error while reading response from multiplexer
// process" if it ends; and it must not answer in the other's place.
func TestWorkerOfAnotherBuild(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "bazel-out", "bin", "ocibuild")
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		t.Fatal(err)
	}
	requests := func(third string) string {
		return fmt.Sprintf(`
			{"inputs":[{"path":"bazel-out/bin/ocibuild","digest":"old"},{"path":"a","digest":"1"}],"requestId":1}
			{"inputs":[{"path":"bazel-out/bin/ocibuild","digest":"old"},{"path":"a","digest":"2"}],"requestId":2}
			{"arguments":%s,"inputs":[{"path":"bazel-out/bin/ocibuild","digest":"new"}],"requestId":3}`, third)
	}

	// The successor is no ocibuild here, to tell the two apart.
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho successor: \"$@\"\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	got := answers(t, &worker{program: program, startup: []string{"index"}}, requests(`["--flagfile=flags"]`))
	for _, id := range []int{1, 2} {
		if !strings.HasPrefix(got[id].Output, "ocibuild: error: index: ") {
			t.Errorf("request %d: got %+v, want this build's own answer", id, got[id])
		}
	}
	if want := (workResponse{ExitCode: 3, Output: "successor: index --flagfile=flags\n", RequestID: 3}); got[3] != want {
		t.Errorf("got %+v, want %+v", got[3], want)
	}

	// The program itself, which can do the work.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	descriptor := filepath.Join(dir, "layer.json")
	if err := os.WriteFile(descriptor, []byte(`{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:`+strings.Repeat("ab", 32)+`","size":7,"platform":{"architecture":"amd64","os":"linux"}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	arguments, err := json.Marshal([]string{"--image=@" + descriptor, "--index-out=" + dir + "/index.json", "--image-out=" + dir + "/image.json", "--digest-out=" + dir + "/digest"})
	if err != nil {
		t.Fatal(err)
	}
	got = answers(t, &worker{program: program, startup: []string{"index"}}, requests(string(arguments)))
	if want := (workResponse{RequestID: 3}); got[3] != want {
		t.Errorf("got %+v, want %+v", got[3], want)
	}
	if _, err := os.Stat(filepath.Join(dir, "digest")); err != nil {
		t.Error(err)
	}

	// One that is gone is an error of that action alone.
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	got = answers(t, &worker{program: program, startup: []string{"index"}}, requests("[]"))
	if got[3].ExitCode != 1 || !strings.HasPrefix(got[3].Output, "ocibuild: error: running another build of it: ") {
		t.Errorf("got %+v, want an error", got[3])
	}
}
