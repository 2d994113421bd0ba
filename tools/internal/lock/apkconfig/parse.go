package apkconfig

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rules-apk/rules_apk/tools/internal/nearest"
)

// Parse reads an apk.yaml. It is strict: an unknown or repeated key is an error that names the line and the nearest
// known key.
func Parse(r io.Reader) (*Config, error) {
	dec := yaml.NewDecoder(r)
	var doc yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty; want repositories, keyring, archs and packages")
	} else if err != nil {
		return nil, err
	}
	if err := dec.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("a second YAML document (\"---\") follows; want one")
	}
	var c Config
	err := parseMapping(doc.Content[0], map[string]func(*yaml.Node) error{
		"repositories": func(n *yaml.Node) error { return parseList(n, &c.Repositories, parseRepository) },
		"keyring":      func(n *yaml.Node) error { return parseList(n, &c.Keyring, parseString) },
		"archs":        func(n *yaml.Node) error { return parseList(n, &c.Archs, parseString) },
		"packages":     func(n *yaml.Node) error { return parseList(n, &c.Packages, parseString) },
		"require_same_version": func(n *yaml.Node) error {
			if n.ShortTag() != "!!bool" {
				return fmt.Errorf("line %d: got %s, want true or false", n.Line, kind(n))
			}
			return n.Decode(&c.RequireSameVersion)
		},
	})
	if err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	return &c, nil
}

func parseMapping(n *yaml.Node, fields map[string]func(*yaml.Node) error) error {
	if n = resolve(n); n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: got %s, want a mapping with the keys %s", n.Line, kind(n), strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
	}
	seen := make(map[string]bool)
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		parse, ok := fields[key.Value]
		if !ok {
			return fmt.Errorf("line %d: unknown key %q, want one of %s%s", key.Line, key.Value,
				strings.Join(slices.Sorted(maps.Keys(fields)), ", "), didYouMean(nearest.Name(key.Value, maps.Keys(fields))))
		}
		if seen[key.Value] {
			return fmt.Errorf("line %d: key %q is given twice", key.Line, key.Value)
		}
		seen[key.Value] = true
		if err := parse(resolve(value)); err != nil {
			return fmt.Errorf("%s: %w", key.Value, err)
		}
	}
	return nil
}

func parseList[T any](n *yaml.Node, list *[]T, parse func(*yaml.Node) (T, error)) error {
	if n.ShortTag() == "!!null" {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		return fmt.Errorf("line %d: got %s, want a list", n.Line, kind(n))
	}
	for _, item := range n.Content {
		value, err := parse(resolve(item))
		if err != nil {
			return err
		}
		*list = append(*list, value)
	}
	return nil
}

// parseString takes any scalar as it is spelled: an arch such as 386 or a package such as 7zip is no number here.
func parseString(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		return "", fmt.Errorf("line %d: got %s, want a string", n.Line, kind(n))
	}
	return n.Value, nil
}

// parseRepository takes "URL", "@tag URL", or a mapping of url (with or without a tag) and mirrors.
func parseRepository(n *yaml.Node) (Repository, error) {
	var r Repository
	if n.Kind != yaml.MappingNode {
		text, err := parseString(n)
		if err != nil {
			return r, err
		}
		return parseURL(n, text)
	}
	err := parseMapping(n, map[string]func(*yaml.Node) error{
		"url": func(n *yaml.Node) error {
			text, err := parseString(n)
			if err != nil {
				return err
			}
			tagged, err := parseURL(n, text)
			r.URL, r.Tag = tagged.URL, tagged.Tag
			return err
		},
		"mirrors": func(n *yaml.Node) error { return parseList(n, &r.Mirrors, parseString) },
	})
	if err == nil && r.URL == "" {
		err = fmt.Errorf("line %d: no url in this repository; want one", n.Line)
	}
	return r, err
}

func parseURL(n *yaml.Node, text string) (Repository, error) {
	r, err := ParseRepository(text)
	if err != nil {
		err = fmt.Errorf("line %d: %w", n.Line, err)
	}
	return r, err
}

func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if n.ShortTag() == "!!null" {
		return "nothing"
	}
	return fmt.Sprintf("%q", n.Value)
}
