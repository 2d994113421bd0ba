package locker

import (
	"fmt"
	"strings"
	"time"

	"github.com/rules-apk/rules_apk/tools/internal/lock/lockfile"
)

// Rollbacks are the indexes that are older than those which an earlier lock was made from. Every one of them was signed
// at its time: a mirror that lags behind has such indexes, and so has somebody who wants an old vulnerability back.
type Rollbacks []string

// FindRollbacks compares the indexes of two locks, of which old may be nil.
func FindRollbacks(old, made *lockfile.Lock) Rollbacks {
	if old == nil {
		return nil
	}
	type id struct{ url, arch string }
	before := make(map[id]int64)
	for _, r := range old.Repositories {
		for _, index := range r.Indexes {
			before[id{r.URL, index.Arch}] = index.Time
		}
	}
	var all Rollbacks
	for _, r := range made.Repositories {
		for _, index := range r.Indexes {
			if was := before[id{r.URL, index.Arch}]; index.Time < was {
				all = append(all, fmt.Sprintf("the index of %s for %s was made %s, the one that was locked %s", r.URL, index.Arch, date(index.Time), date(was)))
			}
		}
	}
	return all
}

func date(seconds int64) string {
	if seconds == 0 {
		return "at an unknown time"
	}
	return "at " + time.Unix(seconds, 0).UTC().Format(time.RFC3339)
}

func (r Rollbacks) Error() string {
	return "repositories went back in time:\n  - " + strings.Join(r, "\n  - ")
}
