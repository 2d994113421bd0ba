package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
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
		if err := w.checkProgram(&request); err != nil {
			return err
		}
		group.Add(1)
		go func() {
			defer group.Done()
			w.work(ctx, &request)
		}()
	}
}

// checkProgram fails if the request is for another build of this program: some releases of Bazel go on with a worker for
// several requests when its program has changed.
func (w *worker) checkProgram(request *workRequest) error {
	for _, input := range request.Inputs {
		if !strings.HasSuffix(filepath.ToSlash(w.program), "/"+input.Path) {
			continue
		}
		if w.digest == "" {
			w.digest = input.Digest
		}
		if w.digest != input.Digest {
			return fmt.Errorf("%s has changed since Bazel started it; run the same command again", input.Path)
		}
	}
	return nil
}

func (w *worker) work(ctx context.Context, request *workRequest) {
	known := knownFacts{memory: &w.memory, digests: map[string]string{}}
	for _, input := range request.Inputs {
		known.digests[input.Path] = input.Digest
	}
	ctx = context.WithValue(ctx, knownFactsKey{}, known)
	var output bytes.Buffer
	err := run(ctx, append(w.startup[:len(w.startup):len(w.startup)], request.Arguments...), &output, &output)
	response := workResponse{ExitCode: exitCode(err, &output), RequestID: request.RequestID}
	response.Output = output.String()
	w.mutex.Lock()
	defer w.mutex.Unlock()
	// Bazel sees an answer that cannot be written as a worker that is gone.
	_ = w.out.Encode(response)
}
