package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ocifetch": main})
}

// The scripts' server has hello, with the content "hello\n", and bad/hello, with another.
func TestScripts(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello\n")) })
	mux.HandleFunc("/secret", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	mux.HandleFunc("/bad/hello", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("HELLO\n")) })
	mux.HandleFunc("/long/hello", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello\nand more")) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close) // The scripts run after this function returns.
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("SERVER", server.URL)
			env.Setenv("SHA256", "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")
			return nil
		},
	})
}
