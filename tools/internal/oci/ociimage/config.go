package ociimage

import (
	"fmt"
	"reflect"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
)

// ParseConfig reads the JSON of a `config` object of an image, in the OCI spelling ("Entrypoint", "Env", ...). Unknown
// fields and malformed variables are errors.
func ParseConfig(data []byte) (v1.Config, error) {
	var c v1.Config
	if err := jsondoc.Parse(data, &c); err != nil {
		return c, fmt.Errorf("image config: %w", err)
	}
	for _, e := range c.Env {
		if name, _, ok := strings.Cut(e, "="); !ok || name == "" {
			return c, fmt.Errorf("image config: variable is %q, want NAME=VALUE", e)
		}
	}
	return c, nil
}

// mergeConfig puts over upon base as building one image on another does: variables, labels, ports and volumes are
// joined, anything else that over sets replaces what base has. An entrypoint drops the base's command, which was made
// for the base's entrypoint.
func mergeConfig(base, over v1.Config) v1.Config {
	if len(over.Entrypoint) > 0 {
		base.Cmd = nil
	}
	over.Env = mergeEnv(base.Env, over.Env)
	to, from := reflect.ValueOf(&base).Elem(), reflect.ValueOf(over)
	for i := range from.NumField() {
		switch value := from.Field(i); {
		case isEmpty(value):
		case value.Kind() == reflect.Map:
			to.Field(i).Set(joined(to.Field(i), value))
		default:
			to.Field(i).Set(value)
		}
	}
	return base
}

// MergeFragment puts a piece of config that a tool worked out over the one that the user wrote.
func MergeFragment(config, fragment v1.Config) v1.Config { return mergeConfig(config, fragment) }

// clearConfig takes what a base has for a member of its config, by the OCI name of that, such as "Entrypoint".
func clearConfig(c *v1.Config, member string) error {
	field := reflect.ValueOf(c).Elem().FieldByName(member)
	if !field.IsValid() {
		return fmt.Errorf("image config: there is no member %q to clear, want one of %s", member, strings.Join(memberNames(reflect.TypeFor[v1.Config]()), ", "))
	}
	field.SetZero()
	return nil
}

func isEmpty(v reflect.Value) bool {
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Map {
		return v.Len() == 0
	}
	return v.IsZero()
}

// joined returns a new map with the entries of both; those of over win.
func joined(base, over reflect.Value) reflect.Value {
	out := reflect.MakeMap(over.Type())
	for _, m := range []reflect.Value{base, over} {
		for entries := m.MapRange(); entries.Next(); {
			out.SetMapIndex(entries.Key(), entries.Value())
		}
	}
	return out
}

// expandEnv puts the values of base's variables into those of env. A variable that base lacks is an error: an image
// would otherwise come out with, for example, half a PATH.
func expandEnv(env, base []string) ([]string, error) {
	values := map[string]string{}
	for _, e := range base {
		name, value, _ := strings.Cut(e, "=")
		values[name] = value
	}
	var out []string
	for _, e := range env {
		variable, text, _ := strings.Cut(e, "=")
		expanded, err := expand(text, values)
		if err != nil {
			return nil, fmt.Errorf("env %s: got %q, but %w; for a dollar sign write $$", variable, e, err)
		}
		out = append(out, variable+"="+expanded)
	}
	return out, nil
}

// expand replaces $NAME and ${NAME} by values, and $$ by a dollar sign. A dollar sign before anything else is itself.
func expand(text string, values map[string]string) (string, error) {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "$")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, rest, err := cutVariable(after)
		if err != nil {
			return "", err
		}
		text = rest
		if name == "" {
			out.WriteByte('$')
			text = strings.TrimPrefix(rest, "$")
			continue
		}
		value, ok := values[name]
		if !ok {
			return "", fmt.Errorf("the base has no variable %s", name)
		}
		out.WriteString(value)
	}
}

// cutVariable returns the name that follows a dollar sign, in braces or not, and what is behind it; no name if there is
// neither a name nor a brace.
func cutVariable(text string) (name, rest string, err error) {
	inner, braced := strings.CutPrefix(text, "{")
	if !braced {
		n := 0
		for n < len(text) && isNameByte(text[n]) {
			n++
		}
		return text[:n], text[n:], nil
	}
	name, rest, closed := strings.Cut(inner, "}")
	if !closed {
		return "", "", fmt.Errorf("${ has no } behind it")
	}
	if name == "" || strings.ContainsFunc(name, func(c rune) bool { return c >= 0x80 || !isNameByte(byte(c)) }) {
		return "", "", fmt.Errorf("${%s} is no variable, want a name of letters, digits and _ in the braces", name)
	}
	return name, rest, nil
}

func isNameByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// mergeEnv keeps the order of first mention; a later value takes the place of an earlier one.
func mergeEnv(base, over []string) []string {
	var out []string
	at := map[string]int{}
	for _, e := range append(append([]string{}, base...), over...) {
		name, _, _ := strings.Cut(e, "=")
		if i, ok := at[name]; ok {
			out[i] = e
			continue
		}
		at[name] = len(out)
		out = append(out, e)
	}
	return out
}
