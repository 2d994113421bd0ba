package apkresolve

import (
	"fmt"
	"strings"
)

// reportHead opens docs/resolver-report.md.
const reportHead = `# The resolver beside the real apk

Written by this command, as root, where the folder of real packages lies beside the repository:

    RULES_APK_ORACLE=full RULES_APK_REPORT=$PWD/docs/resolver-report.md \
        go test -count=1 -timeout=6h -run='^TestOracle$' ./tools/internal/lock/apkresolve

The indexes are the two of Alpine 3.19 (x86_64, main and community, 23,030 packages) together; apk is 2.14.0. For each
world both answer what they would install on an empty system, and the list of names and versions is compared, first as
a set, then in install order. To read 23,030 packages takes apk nearly all of its time, so it gets for each world only
the part of the indexes that the world can lead to; the third table compares on the whole, signed indexes.

`

// report sums up comparisons, as Markdown.
type report struct {
	text strings.Builder
	// failures are the differences that are not explained.
	failures []string
}

func (r *report) String() string { return reportHead + r.text.String() }

func (r *report) table(title string, rows []string, count map[string]int, list []string) {
	fmt.Fprintf(&r.text, "## %s\n\n| answer | cases |\n| --- | --- |\n", title)
	for _, row := range rows {
		fmt.Fprintf(&r.text, "| %s | %d |\n", row, count[row])
	}
	r.text.WriteString("\n")
	for _, line := range list {
		fmt.Fprintf(&r.text, "- %s\n", line)
	}
	if len(list) > 0 {
		r.text.WriteString("\n")
	}
}

// add adds a table of worlds, and names those that are not answered alike.
func (r *report) add(title string, list []comparison) {
	count := map[string]int{"all": len(list)}
	var named []string
	for _, c := range list {
		failure := true
		switch {
		case c.ourError != nil && c.apksError != nil:
			count["both refuse"]++
			continue
		case c.sameOrder():
			count["the same set in the same order"]++
			continue
		case c.apksError != nil:
			// An answer that was verified, where apk does not go back on a choice.
			count["apk refuses, ours answers"]++
			failure = false
		case c.sameSet():
			count["the same set in another order"]++
		case c.ourError != nil:
			count["apk answers, ours refuses"]++
		default:
			count["another set"]++
		}
		line := fmt.Sprintf("`%s`: %s", strings.Join(c.world, " "), c.difference())
		named = append(named, line)
		if failure {
			r.failures = append(r.failures, line)
		}
	}
	r.table(title, []string{
		"all", "the same set in the same order", "both refuse", "the same set in another order",
		"apk refuses, ours answers", "apk answers, ours refuses", "another set",
	}, count, named)
}

// addSmall adds the table of small repositories.
func (r *report) addSmall(cases int, count map[string]int) {
	count["all"] = cases
	r.table("Random repositories of up to ten packages", append([]string{"all"}, smallKinds...), count, nil)
	r.text.WriteString(`These are full of clashes, virtuals, priorities and tags, and all sets of packages are tried to see which are answers at
all. Where apk refuses, it made a choice that it does not take back; where it breaks a rule, it installs what a
constraint or a conflict forbids, or what nothing asks for. Nothing is left that is not one of these; "not a world for
apk" has two constraints on one name, of which apk forgets one.

`)
}

// addPairs adds the table of versions.
func (r *report) addPairs(pairs int, differ []string) {
	r.failures = append(r.failures, differ...)
	r.table("Pairs of versions, as in apk version -t", []string{"all", "the same", "other"},
		map[string]int{"all": pairs, "the same": pairs - len(differ), "other": len(differ)}, differ)
}
