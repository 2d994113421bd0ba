package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/rules-apk/rules_apk/e2e/bench/internal/bazel"
	"github.com/rules-apk/rules_apk/e2e/bench/internal/report"
	"github.com/rules-apk/rules_apk/e2e/internal/filehost"
	"github.com/rules-apk/rules_apk/e2e/internal/nginxcache"
)

// measureRemote builds with a remote cache, and with packages fetched by actions.
func measureRemote(ctx context.Context, l *lab) (err error) {
	s, err := l.newReal(ctx, "remote", "action")
	if err != nil {
		return err
	}
	cache, err := nginxcache.Start(filepath.Join(l.dir, "nginx"))
	if err != nil {
		return fmt.Errorf("the remote cache: %w; install nginx with the WebDAV module (nginx-extras)", err)
	}
	defer func() { err = errors.Join(err, cache.Stop()) }()
	r := &remote{lab: l, realSet: s, cache: cache}
	// The start of the server is not what is measured here.
	if _, err := s.Run(ctx, "build", genrule); err != nil {
		return err
	}
	for _, step := range []struct {
		name, want string
		prepare    func() error
		build      []string
	}{
		{"one image, empty cache", "< 2 MB", nil, targets(1)},
		{"one image, one package bumped", "< 100 kB", func() error { _, err := s.bump(ctx); return err }, targets(1)},
		{"99 more images", "", nil, targets(100)},
	} {
		if step.prepare != nil {
			if err := step.prepare(); err != nil {
				return err
			}
		}
		if err := r.step(ctx, step.name, step.want, step.build); err != nil {
			return err
		}
	}
	return r.second(ctx)
}

type remote struct {
	*realSet
	lab   *lab
	cache *nginxcache.Cache
	kept  nginxcache.Kept
}

func (r *remote) flags(patterns []string) []string {
	return append([]string{pathMapping, "--remote_cache=" + r.cache.URL}, patterns...)
}

// build builds patterns and adds the rows on what went to and from the cache.
func (r *remote) build(ctx context.Context, name string, patterns []string) (nginxcache.Traffic, filehost.Traffic, error) {
	r.lab.host.Take()
	if _, err := r.cache.Take(); err != nil {
		return nginxcache.Traffic{}, filehost.Traffic{}, err
	}
	call, err := r.Run(ctx, "build", r.flags(patterns)...)
	if err != nil {
		return nginxcache.Traffic{}, filehost.Traffic{}, err
	}
	r.row(name+": time", report.Seconds, call.Wall.Seconds(), "")
	traffic, err := r.cache.Take()
	return traffic, r.lab.host.Take(), err
}

func (r *remote) row(name string, unit report.Unit, value float64, want string) {
	r.lab.add(report.Row{Scenario: "remote", Name: "remote cache, " + name, Unit: unit, Values: report.Series{value}, Want: want})
}

// step is a build that makes the cache grow.
func (r *remote) step(ctx context.Context, name, want string, patterns []string) error {
	traffic, packages, err := r.build(ctx, name, patterns)
	if err != nil {
		return err
	}
	kept, err := r.cache.Kept()
	if err != nil {
		return err
	}
	r.row(name+": growth", report.Bytes, float64(kept.Bytes-r.kept.Bytes), want)
	r.row(name+": new entries", report.Count, float64(kept.Entries-r.kept.Entries), "")
	r.row(name+": sent", report.Bytes, float64(traffic.Up), "")
	r.row(name+": bytes of packages fetched", report.Bytes, float64(packages.Bytes), "")
	r.kept = kept
	return nil
}

// second builds in an output base that knows nothing, without package server.
func (r *remote) second(ctx context.Context) error {
	if err := errors.Join(r.Discard(ctx), bazel.RemoveAll(r.Base+".repositories")); err != nil {
		return err
	}
	if _, err := r.Run(ctx, "build", genrule); err != nil {
		return err
	}
	r.lab.host.SwitchOff()
	defer r.lab.host.SwitchOn()
	const name = "100 images, second output base, package server off"
	traffic, packages, err := r.build(ctx, name, targets(100))
	if err != nil {
		return err
	}
	r.row(name+": received", report.Bytes, float64(traffic.Down), "")
	r.row(name+": sent", report.Bytes, float64(traffic.Up), "")
	r.row(name+": requests to the package server", report.Count, float64(len(packages.Paths)), "0")
	return nil
}
