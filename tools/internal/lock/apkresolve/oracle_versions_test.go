package apkresolve

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkversion"
)

const (
	fullPairs = 100_000
	partPairs = 4_000
)

// comparePairs compares how pairs of versions are ordered, one process of apk a pair, and gives those that differ, in
// words.
func comparePairs(t *testing.T, pairs int, repositories []Repository) []string {
	t.Helper()
	oracle := newOracle(t)
	g := versionMaker{rand.New(rand.NewPCG(oracleSeed, 2)), nil}
	for _, r := range repositories {
		for _, p := range r.Packages {
			g.real = append(g.real, p.Version)
		}
	}
	list := make([][2]string, pairs)
	for i := range list {
		list[i] = g.pair()
	}
	var mutex sync.Mutex
	var differ []string
	var wait sync.WaitGroup
	for worker := range oracleWorkers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := worker; i < len(list); i += oracleWorkers {
				a, b := list[i][0], list[i][1]
				want, err := oracle.Version(a, b)
				if err != nil {
					t.Errorf("%s %s: %v", a, b, err)
				}
				if got := string("<=>"[apkversion.Compare(a, b)+1]); got != want {
					mutex.Lock()
					differ = append(differ, fmt.Sprintf("`%s` and `%s`: ours %s, apk's %s", a, b, got, want))
					mutex.Unlock()
				}
			}
		}()
	}
	wait.Wait()
	return differ
}

// versionMaker makes pairs of versions that are close to each other, some of them broken.
type versionMaker struct {
	*rand.Rand
	real []string
}

func (g versionMaker) pair() [2]string {
	if g.IntN(5) == 0 {
		a := g.real[g.IntN(len(g.real))]
		return [2]string{a, g.change(a)}
	}
	a := g.version()
	if g.IntN(3) == 0 {
		return [2]string{a, g.version()}
	}
	return [2]string{a, g.change(a)}
}

func (g versionMaker) version() string {
	var b strings.Builder
	b.WriteString(g.number())
	for range g.IntN(4) {
		b.WriteString("." + g.number())
	}
	if g.IntN(4) == 0 {
		b.WriteByte(byte('a' + g.IntN(26)))
	}
	for range g.IntN(3) {
		b.WriteString(g.suffix())
	}
	if g.IntN(2) == 0 {
		fmt.Fprintf(&b, "-r%d", g.IntN(12))
	}
	return b.String()
}

func (g versionMaker) number() string {
	switch g.IntN(8) {
	case 0:
		return "0"
	case 1:
		return fmt.Sprintf("0%d", g.IntN(20))
	case 2:
		return fmt.Sprintf("00%d", g.IntN(3))
	case 3:
		return fmt.Sprint(20200101 + g.IntN(50000))
	}
	return fmt.Sprint(g.IntN(30))
}

func (g versionMaker) suffix() string {
	names := []string{"alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p", "x"}
	text := "_" + names[g.IntN(len(names))]
	if g.IntN(2) == 0 {
		text += g.number()
	}
	return text
}

// change changes a version a little. The command line would take what begins with "-" for an option.
func (g versionMaker) change(v string) string {
	changed := g.changed(v)
	if strings.HasPrefix(changed, "-") {
		return v
	}
	return changed
}

func (g versionMaker) changed(v string) string {
	i := g.IntN(len(v) + 1)
	switch g.IntN(6) {
	case 0:
		return v[:max(i, 1)]
	case 1:
		return v + g.suffix()
	case 2:
		return v + "." + g.number()
	case 3:
		return v[:i] + string("0123456789abr._-"[g.IntN(16)]) + v[i:]
	case 4:
		return v[:i] + g.number() + v[i:]
	}
	if i == len(v) {
		return v
	}
	return v[:i] + string("0123456789"[g.IntN(10)]) + v[i+1:]
}
