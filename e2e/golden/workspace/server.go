package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() { fmt.Println("hello from", runtime.GOARCH, len(os.Args)) }
