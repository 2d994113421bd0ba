package apkresolve

import (
	"fmt"
	"strings"
)

// Unsatisfiable says that no set of packages meets a request, and why.
type Unsatisfiable struct {
	Arch string
	// Reasons is the shortest chain of facts that cannot all hold, each a clause in words.
	Reasons []string
}

func (e *Unsatisfiable) Error() string {
	return fmt.Sprintf("no set of packages (%s) meets the request:\n  - %s", e.Arch, strings.Join(e.Reasons, "\n  - "))
}

// UnknownName says that the world asks for a name that no package has or provides.
type UnknownName struct {
	Arch string
	Name string
	// Suggestion is the nearest known name, or empty where none is near.
	Suggestion string
}

func (e *UnknownName) Error() string {
	text := fmt.Sprintf("package %q (%s): no repository has or provides it", e.Name, e.Arch)
	if e.Suggestion != "" {
		text += fmt.Sprintf("; did you mean %q?", e.Suggestion)
	}
	return text
}
