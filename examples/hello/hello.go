// Command hello prints the greeting that its data package ships.
package main

import (
	"fmt"
	"os"
)

const greeting = "/usr/share/hello/greeting.txt"

func main() {
	text, err := os.ReadFile(greeting)
	if err != nil {
		fmt.Fprintf(os.Stderr, "hello: %v\n", err)
		os.Exit(1)
	}
	os.Stdout.Write(text)
}
