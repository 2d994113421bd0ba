package ocipush

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"slices"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/rules-apk/rules_apk/tools/internal/deploy/ociblob"
	"github.com/rules-apk/rules_apk/tools/internal/deploy/registry"
)

// Progress is told how far a push is. Functions that are nil are not called; the others are called from several
// goroutines.
type Progress struct {
	// Total is the size of all blobs that may have to be uploaded.
	Total func(bytes int64)
	// Done says that so many more bytes are where they belong. It is below zero where an upload failed and begins anew.
	Done func(bytes int64)
	// Blob is called when a blob has got where it belongs.
	Blob func(name string, outcome registry.Outcome)
}

// job is a blob and the repositories of one registry that need it. The first gets it uploaded, the others mount it from
// there.
type job struct {
	blob    v1.Descriptor
	config  []byte // the bytes, if they are at hand
	targets []*target
}

type jobKey struct {
	registry name.Registry
	digest   v1.Hash
}

// blobs brings over every blob that a missing manifest names.
func (p *Pusher) blobs(ctx context.Context, store *ociblob.Store, targets []*target) error {
	jobs := plan(targets)
	var total int64
	for _, j := range jobs {
		total += j.blob.Size * int64(len(j.targets))
	}
	if p.Progress.Total != nil {
		p.Progress.Total(total)
	}
	var mu sync.Mutex // guards the results
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(p.Jobs)
	for _, j := range jobs {
		group.Go(func() error {
			return p.blob(ctx, store, j, func(t *target, outcome registry.Outcome) {
				mu.Lock()
				defer mu.Unlock()
				t.result.Blobs[outcome]++
				if outcome == registry.Uploaded {
					t.result.Bytes += j.blob.Size
				}
			})
		})
	}
	return group.Wait()
}

// plan lists every blob once for each registry, the largest first: they take longest.
func plan(targets []*target) []*job {
	jobs := map[jobKey]*job{}
	var list []*job
	for _, t := range targets {
		for _, m := range t.missing {
			for _, desc := range m.Descriptors() {
				if !desc.MediaType.IsDistributable() {
					continue
				}
				key := jobKey{t.repository.Registry, desc.Digest}
				j := jobs[key]
				if j == nil {
					j = &job{blob: desc}
					jobs[key] = j
					list = append(list, j)
				}
				if desc.Digest == m.Manifest.Config.Digest {
					j.config = m.RawConfig
				}
				if !slices.ContainsFunc(j.targets, func(other *target) bool { return other.repository == t.repository }) {
					j.targets = append(j.targets, t)
				}
			}
		}
	}
	slices.SortStableFunc(list, func(a, b *job) int { return cmp.Compare(b.blob.Size, a.blob.Size) })
	return list
}

func (p *Pusher) blob(ctx context.Context, store *ociblob.Store, j *job, settled func(*target, registry.Outcome)) error {
	label := store.Name(j.blob.Digest)
	if j.config != nil {
		label = "config " + j.blob.Digest.String()
	}
	var from []name.Repository
	for _, t := range j.targets {
		outcome, err := p.bring(ctx, t, registry.Push{
			Blob: j.blob, Name: label, From: append(slices.Clone(from), t.MountFrom...), Open: p.opener(store, j),
		})
		if err != nil {
			return err
		}
		settled(t, outcome)
		if p.Progress.Blob != nil {
			p.Progress.Blob(label, outcome)
		}
		from = append(from, t.repository)
	}
	return nil
}

func (p *Pusher) bring(ctx context.Context, t *target, push registry.Push) (registry.Outcome, error) {
	if p.DryRun {
		found, err := t.remote.HasBlob(ctx, push.Blob)
		if err != nil || found {
			return registry.Existed, err
		}
		return registry.Uploaded, nil
	}
	outcome, err := t.remote.PushBlob(ctx, push)
	if err == nil && outcome != registry.Uploaded {
		p.done(push.Blob.Size)
	}
	return outcome, err
}

// opener opens the bytes of a blob once for every attempt to upload it, and tells how many were read. A new attempt
// takes back what the last one told.
func (p *Pusher) opener(store *ociblob.Store, j *job) func(context.Context) (io.ReadCloser, error) {
	var last *countingReader
	return func(ctx context.Context) (io.ReadCloser, error) {
		if last != nil {
			p.done(-last.stop())
			last = nil
		}
		r := io.NopCloser(bytes.NewReader(j.config))
		if j.config == nil {
			var err error
			if r, err = store.Open(ctx, j.blob); err != nil {
				return nil, err
			}
		}
		last = &countingReader{ReadCloser: r, count: p.done}
		return last, nil
	}
}

func (p *Pusher) done(bytes int64) {
	if p.Progress.Done != nil {
		p.Progress.Done(bytes)
	}
}

// countingReader counts what is read until it is stopped: the HTTP client may still be reading when an attempt has
// already failed.
type countingReader struct {
	io.ReadCloser
	count   func(int64)
	mu      sync.Mutex
	n       int64
	stopped bool
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.stopped && n > 0 {
		r.n += int64(n)
		r.count(int64(n))
	}
	return n, err
}

func (r *countingReader) stop() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	return r.n
}
