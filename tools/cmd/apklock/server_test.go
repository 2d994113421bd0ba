package main

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// A server serves a folder to a script and remembers what was asked for.
type server struct {
	dir, password string

	mu      sync.Mutex
	log     []string
	stalled string // suffix of the path that is sent by half only
}

// servers are by script and by the name that the script gave them.
type servers struct {
	mu  sync.Mutex
	all map[*testscript.TestScript]map[string]*server
}

func (s *servers) get(ts *testscript.TestScript, name string) *server {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.all[ts][name]
	if found == nil {
		ts.Fatalf("no server %s", name)
	}
	return found
}

// serve NAME DIR [USER:PASSWORD] serves a folder over HTTP, with ETags, until the script ends, and puts the URL into
// the environment as $NAME.
func (s *servers) serve(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: serve NAME DIR [USER:PASSWORD]")
	}
	added := &server{dir: ts.MkAbs(args[1])}
	if len(args) > 2 {
		added.password = args[2]
	}
	running := httptest.NewServer(added)
	ts.Defer(running.Close)
	ts.Setenv(args[0], running.URL)
	ts.Setenv(args[0]+"_HOST", strings.TrimPrefix(running.URL, "http://"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = make(map[*testscript.TestScript]map[string]*server)
	}
	if s.all[ts] == nil {
		s.all[ts] = make(map[string]*server)
	}
	s.all[ts][args[0]] = added
}

// requests NAME prints the requests since the last time, sorted, with their ranges and the status of the answers.
func (s *servers) requests(ts *testscript.TestScript, neg bool, args []string) {
	from := s.get(ts, args[0])
	from.mu.Lock()
	defer from.mu.Unlock()
	slices.Sort(from.log)
	fmt.Fprint(ts.Stdout(), strings.Join(from.log, ""))
	from.log = nil
}

// stall NAME SUFFIX makes the server send only half of a file, and then nothing; without SUFFIX it serves all again.
func (s *servers) stall(ts *testscript.TestScript, neg bool, args []string) {
	at := s.get(ts, args[0])
	at.mu.Lock()
	defer at.mu.Unlock()
	at.stalled = ""
	if len(args) > 1 {
		at.stalled = args[1]
	}
}

// await PATTERN waits until a file whose name matches has something in it.
func await(ts *testscript.TestScript, neg bool, args []string) {
	pattern := ts.MkAbs(args[0])
	for range 1000 {
		matches, err := filepath.Glob(pattern)
		ts.Check(err)
		for _, m := range matches {
			if info, err := os.Stat(m); err == nil && info.Size() > 0 {
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("nothing in %s", pattern)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	recorder := &recorder{ResponseWriter: w, status: http.StatusOK}
	s.answer(recorder, r)
	if r.Context().Err() != nil {
		return // The client went away: a stalled request ends at no certain time.
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	line := fmt.Sprintf("%s %d", r.URL.EscapedPath(), recorder.status)
	if from := r.Header.Get("Range"); from != "" {
		line += " from the middle"
	}
	s.log = append(s.log, line+"\n")
}

func (s *server) answer(w http.ResponseWriter, r *http.Request) {
	if user, password, _ := r.BasicAuth(); s.password != "" && user+":"+password != s.password && r.Header.Get("Authorization") != "Bearer "+s.password {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	content, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(r.URL.Path)))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	s.mu.Lock()
	stalled := s.stalled != "" && strings.HasSuffix(r.URL.Path, s.stalled)
	s.mu.Unlock()
	if stalled {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		w.Write(content[:len(content)/2])
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(content)))
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(content)))
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
