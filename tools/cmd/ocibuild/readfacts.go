package main

import (
	"context"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkfacts"
)

// read reads the files in parallel and returns them in the given order. Nobody changes facts: several requests of a
// worker may have the same.
func (known knownFacts) read(ctx context.Context, paths []string) ([]*apkfacts.Facts, error) {
	facts := make([]*apkfacts.Facts, len(paths))
	group, _ := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i, path := range paths {
		digest := known.digests[path]
		if facts[i] = known.memory.get(digest); facts[i] != nil {
			continue
		}
		group.Go(func() error {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if facts[i], err = apkfacts.Parse(data); err != nil {
				return fmt.Errorf("reading %s: %w", path, err)
			}
			known.memory.put(digest, facts[i], len(data))
			return nil
		})
	}
	return facts, group.Wait()
}

// knownFacts is what a worker's request knows of facts; the zero value is nothing.
type knownFacts struct {
	memory  *factsMemory
	digests map[string]string // by path, as Bazel states them
}

// factsMemory keeps facts by the digest of their file: images share packages, and to parse facts takes half of the time
// of a system layer. A nil memory keeps nothing.
type factsMemory struct {
	mutex sync.Mutex
	facts map[string]*apkfacts.Facts
	size  int // bytes of their files
}

// mostFacts bounds the memory, in bytes of files; parsed, they take some three times that.
const mostFacts = 8 << 20

func (m *factsMemory) get(digest string) *apkfacts.Facts {
	if m == nil || digest == "" {
		return nil
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.facts[digest]
}

func (m *factsMemory) put(digest string, f *apkfacts.Facts, size int) {
	if m == nil || digest == "" {
		return
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.size += size; m.facts == nil || m.size > mostFacts {
		m.facts, m.size = map[string]*apkfacts.Facts{}, size
	}
	m.facts[digest] = f
}
