package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
)

// workerFlag is the argument with which Bazel starts a program that stays and takes many actions' requests.
const workerFlag = "--persistent_worker"

// workRequest is one action; the format is Bazel's worker protocol, in JSON.
type workRequest struct {
	Arguments []string `json:"arguments"`
	Inputs    []struct {
		Path   string `json:"path"`
		Digest string `json:"digest"`
	} `json:"inputs"`
	RequestID int  `json:"requestId"`
	Cancel    bool `json:"cancel"`
}

type workResponse struct {
	ExitCode  int    `json:"exitCode"`
	Output    string `json:"output"`
	RequestID int    `json:"requestId"`
}

// worker is this program as Bazel keeps it: a start takes longer than most actions, and the set-up of a sandbox longer
// still.
type worker struct {
	program string   // as it was called
	startup []string // arguments of all requests
	digest  string   // of the program, as the first request says
	memory  factsMemory

	mutex sync.Mutex
	out   *json.Encoder
}

// serve runs the requests that come in, several at once, until in ends. Bazel decides how many it sends.
func (w *worker) serve(ctx context.Context, in io.Reader) error {
	var group sync.WaitGroup
	defer group.Wait()
	requests := json.NewDecoder(in)
	for {
		var request workRequest
		err := requests.Decode(&request)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading a work request: %w", err)
		}
		if request.Cancel {
			continue // Each action is short: its answer comes soon enough.
		}
		work := w.work
		if w.isSucceeded(&request) {
			work = w.succeed
		}
		group.Add(1)
		go func() {
			defer group.Done()
			work(ctx, &request)
		}()
	}
}

// isSucceeded tells whether a request is for another build of this program: some releases of Bazel go on with a worker
// when its program has changed.
func (w *worker) isSucceeded(request *workRequest) bool {
	for _, input := range request.Inputs {
		if !strings.HasSuffix(filepath.ToSlash(w.program), "/"+input.Path) {
			continue
		}
		if w.digest == "" {
			w.digest = input.Digest
		}
		return w.digest != input.Digest
	}
	return false
}

// succeed has the build of this program that a request is for, which lies where this one did, do the request's work. A
// worker that ended instead would be told to the user as an error, and fail the build.
func (w *worker) succeed(ctx context.Context, request *workRequest) {
	successor := exec.CommandContext(ctx, w.program, slices.Concat(w.startup, request.Arguments)...)
	output, err := successor.CombinedOutput()
	response := workResponse{ExitCode: successor.ProcessState.ExitCode(), Output: string(output), RequestID: request.RequestID}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		response.ExitCode, response.Output = 1, fmt.Sprintf("ocibuild: error: running another build of it: %v\n", err)
	}
	w.answer(response)
}

func (w *worker) work(ctx context.Context, request *workRequest) {
	known := knownFacts{memory: &w.memory, digests: map[string]string{}}
	for _, input := range request.Inputs {
		known.digests[input.Path] = input.Digest
	}
	var output bytes.Buffer
	p := &cli.Process{Stdout: cli.Escaped(&output), Stderr: cli.Escaped(&output)}
	err := run(ctx, known, p, slices.Concat(w.startup, request.Arguments))
	response := workResponse{ExitCode: report(err, p.Stderr), RequestID: request.RequestID}
	response.Output = output.String()
	w.answer(response)
}

func (w *worker) answer(response workResponse) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	// Bazel sees an answer that cannot be written as a worker that is gone.
	_ = w.out.Encode(response)
}
