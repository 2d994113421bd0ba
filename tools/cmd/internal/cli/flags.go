package cli

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/nearest"
)

// NewFlags is a set of flags that prints nothing by itself.
func NewFlags(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	return flags
}

// parseInterspersed also takes flags after arguments, as people write them.
func parseInterspersed(flags *flag.FlagSet, args []string) (positional []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		rest := flags.Args()
		if len(rest) == 0 {
			return positional, nil
		}
		if n := len(args) - len(rest); n > 0 && args[n-1] == "--" {
			return append(positional, rest...), nil
		}
		positional, args = append(positional, rest[0]), rest[1:]
	}
}

// FlagError is the UsageError for an error of flags.Parse: a misspelt flag's says what may be meant. The call see,
// which may be empty, shows all flags.
func FlagError(flags *flag.FlagSet, err error, see string) error {
	message := fmt.Sprintf("%s: %v", flags.Name(), err)
	if _, name, ok := strings.Cut(err.Error(), "provided but not defined: -"); ok {
		known := make(map[string]bool)
		flags.VisitAll(func(f *flag.Flag) { known[f.Name] = true })
		message = fmt.Sprintf("%s: unknown flag --%s", flags.Name(), strings.TrimLeft(name, "-"))
		if near := nearest.Name(strings.TrimLeft(name, "-"), maps.Keys(known)); near != "" {
			message += fmt.Sprintf("; did you mean --%s?", near)
		}
	}
	if see != "" {
		message += fmt.Sprintf(" (see: %s)", see)
	}
	return Usagef("%s", message)
}

// List is a flag that may be given several times.
type List []string

func (l *List) String() string { return strings.Join(*l, ", ") }

// Set adds a value.
func (l *List) Set(value string) error {
	*l = append(*l, value)
	return nil
}
