// Command server answers every request with the machine that it runs on.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"runtime"
)

func main() {
	listen := flag.String("listen", ":8080", "address to listen on")
	once := flag.Bool("once", false, "print the answer instead of serving it")
	flag.Parse()
	answer := fmt.Sprintf("Hello from %s/%s.\n", runtime.GOOS, runtime.GOARCH)
	if *once {
		fmt.Print(answer)
		return
	}
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, answer)
	})
	log.Fatal(http.ListenAndServe(*listen, nil))
}
