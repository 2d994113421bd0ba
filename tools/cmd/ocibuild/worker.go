package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// workerFlag is the argument with which Bazel starts a program that stays and takes many actions' requests.
const workerFlag = "--persistent_worker"

// workRequest is one action; the format is Bazel's worker protocol, in JSON. What the protocol says besides, such as the
// digests of inputs, would only matter to a program that remembers something from action to action.
type workRequest struct {
	Arguments []string `json:"arguments"`
	RequestID int      `json:"requestId"`
}

type workResponse struct {
	ExitCode  int    `json:"exitCode"`
	Output    string `json:"output"`
	RequestID int    `json:"requestId"`
}

// serve runs the requests that come in until in ends: one at a time, in the folder where Bazel started the program. A
// start of the program takes longer than most of its actions, and the set-up of a sandbox longer still.
func serve(ctx context.Context, startup []string, in io.Reader, out io.Writer) error {
	responses := json.NewEncoder(out)
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
		response := work(ctx, append(startup[:len(startup):len(startup)], request.Arguments...))
		response.RequestID = request.RequestID
		if err := responses.Encode(response); err != nil {
			return fmt.Errorf("answering a work request: %w", err)
		}
	}
}

func work(ctx context.Context, args []string) workResponse {
	var output bytes.Buffer
	code := exitCode(run(ctx, args, &output, &output), &output)
	return workResponse{ExitCode: code, Output: output.String()}
}
