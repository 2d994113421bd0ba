// Package buildgraph reads what `bazel query` says of a workspace, and finds the images in it: rules that have packages
// of a lock.
package buildgraph

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// An Image is a rule that names packages of a lock.
type Image struct {
	Label string
	// Packages are the names of packages that the rule names itself, sorted.
	Packages []string
	// Pushes are the rules that send the image to a registry, sorted by label.
	Pushes []Push
}

// A Push is a rule that sends images to a registry.
type Push struct {
	Label string
	// Repository is where to, such as "registry.example.com/server"; empty where that is not a plain string.
	Repository string
}

// Registry is the host of the push's repository, or "" if that is not known.
func (p Push) Registry() string {
	host, _, _ := strings.Cut(p.Repository, "/")
	return host
}

// Arguments are those of Bazel whose output Images reads.
func Arguments() []string {
	return []string{"query", "--output=streamed_jsonproto", "//..."}
}

type target struct {
	Rule *rule `json:"rule"`
}

type rule struct {
	Name      string   `json:"name"`
	Class     string   `json:"ruleClass"`
	Inputs    []string `json:"ruleInput"`
	Attribute []struct {
		Name  string `json:"name"`
		Value string `json:"stringValue"`
	} `json:"attribute"`
}

// Images reads a query's answer and returns the images that have packages of the hub, sorted by label.
func Images(answer io.Reader, hub string) ([]Image, error) {
	var rules []rule
	for decoder := json.NewDecoder(answer); ; {
		var t target
		err := decoder.Decode(&t)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w; want what this prints: bazel %s", err, strings.Join(Arguments(), " "))
		}
		if t.Rule != nil {
			rules = append(rules, *t.Rule)
		}
	}
	w := newWorkspace(rules, hub)
	var images []Image
	for _, r := range rules {
		if packages := w.packages(r); len(packages) > 0 {
			images = append(images, Image{Label: r.Name, Packages: packages, Pushes: w.pushes(r.Name)})
		}
	}
	slices.SortFunc(images, func(a, b Image) int { return cmp.Compare(a.Label, b.Label) })
	return images, nil
}

type workspace struct {
	hub   string
	rules map[string]rule
	users map[string][]string // of a rule: those that have it as an input
}

func newWorkspace(rules []rule, hub string) *workspace {
	w := &workspace{hub: hub, rules: make(map[string]rule), users: make(map[string][]string)}
	for _, r := range rules {
		w.rules[r.Name] = r
		for _, input := range r.Inputs {
			w.users[input] = append(w.users[input], r.Name)
		}
	}
	return w
}

// passes tells the rules that bring packages to images, and are none.
func passes(class string) bool {
	return class == "alias" || class == "filegroup" || class == "apk_package"
}

// packages returns what an image names, itself or by other names for it; nil for what is no image.
func (w *workspace) packages(r rule) []string {
	if passes(r.Class) || r.Class == "test_suite" {
		return nil
	}
	var found []string
	queue, seen := []rule{r}, map[string]bool{r.Name: true}
	for len(queue) > 0 {
		for _, input := range queue[0].Inputs {
			if name := w.packageOf(input); name != "" {
				found = append(found, name)
			}
			if next, ok := w.rules[input]; ok && passes(next.Class) && !seen[next.Name] {
				seen[next.Name] = true
				queue = append(queue, next)
			}
		}
		queue = queue[1:]
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// packageOf reads the label of a package of the hub: @hub//NAME or, canonically, @@rules_apk~~apk~hub//NAME:NAME.
func (w *workspace) packageOf(label string) string {
	repository, rest, ok := strings.Cut(label, "//")
	if !ok || !strings.HasPrefix(repository, "@") {
		return ""
	}
	repository = strings.TrimLeft(repository, "@")
	if at := strings.LastIndexAny(repository, "~+"); at >= 0 {
		repository = repository[at+1:]
	}
	name, _, _ := strings.Cut(rest, ":")
	if repository != w.hub {
		return ""
	}
	return name
}

// pushes returns the rules that send what a rule makes, through whatever is between.
func (w *workspace) pushes(label string) []Push {
	var found []Push
	queue, seen := []string{label}, map[string]bool{label: true}
	for len(queue) > 0 {
		for _, user := range w.users[queue[0]] {
			if seen[user] {
				continue
			}
			seen[user] = true
			queue = append(queue, user)
			if r := w.rules[user]; r.Class == "oci_push" {
				found = append(found, Push{Label: user, Repository: r.text("repository")})
			}
		}
		queue = queue[1:]
	}
	slices.SortFunc(found, func(a, b Push) int { return cmp.Compare(a.Label, b.Label) })
	return found
}

func (r rule) text(attribute string) string {
	for _, s := range r.Attribute {
		if s.Name == attribute {
			return s.Value
		}
	}
	return ""
}
