// Command apklock makes and explains apk.lock.json. People run it, directly or
// through "bazel run @NAME//:lock"; it uses the network.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit statuses, beside 0.
const (
	exitFailure = 1 // the request cannot be met
	exitUsage   = 2 // apklock was not called as it wants to be
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends the process even where the first is not heeded, such as
	// in the wait for another apklock's download.
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(report(err, os.Stderr))
}

// report prints an error and returns the exit status that it stands for.
func report(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted; nothing was changed")
	}
	fmt.Fprintf(stderr, "apklock: error: %v\n", err)
	if h := hint(err); h != "" {
		fmt.Fprintf(stderr, "apklock: hint: %s\n", h)
	}
	var usage *usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailure
}
