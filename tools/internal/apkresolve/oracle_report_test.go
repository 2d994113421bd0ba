package apkresolve

import (
	"fmt"
	"strings"
)

// reportHead opens docs/resolver-report.md.
const reportHead = `# The resolver beside the real apk

Written by this command, as root, where the folder of real packages lies beside the repository:

    RULES_APK_ORACLE=full RULES_APK_REPORT=$PWD/docs/resolver-report.md \
        go test -count=1 -timeout=6h -run='^TestOracle$' ./tools/internal/apkresolve

The indexes are the two of Alpine 3.19 (x86_64, main and community, 23,030 packages) together; apk is 2.14.0. For each
world both answer what they would install on an empty system, and the list of names and versions is compared, first as
a set, then in install order. To read 23,030 packages takes apk nearly all of its time, so it gets for each world only
the part of the indexes that the world can lead to; the last table compares on the whole, signed indexes.

`

// report sums up comparisons, as Markdown.
type report struct {
	sections []section
}

type section struct {
	title       string
	total       int
	sameOrder   int
	bothRefuse  int
	onlyOrder   int
	oursOnly    int
	apksOnly    int
	differ      int
	listed      []comparison // all that is not the same
	unexplained []comparison // those of them that have to be looked into
}

func (r *report) add(title string, list []comparison) {
	s := section{title: title, total: len(list)}
	for _, c := range list {
		switch {
		case c.ourError != nil && c.apksError != nil:
			s.bothRefuse++
			continue
		case c.sameOrder():
			s.sameOrder++
			continue
		case c.sameSet():
			s.onlyOrder++
		case c.apksError != nil:
			// An answer that was verified, where apk does not go back on a
			// choice.
			s.oursOnly++
			s.listed = append(s.listed, c)
			continue
		case c.ourError != nil:
			s.apksOnly++
		default:
			s.differ++
		}
		s.listed = append(s.listed, c)
		s.unexplained = append(s.unexplained, c)
	}
	r.sections = append(r.sections, s)
}

func (r *report) String() string {
	var b strings.Builder
	b.WriteString(reportHead)
	for _, s := range r.sections {
		fmt.Fprintf(&b, "## %s\n\n", s.title)
		b.WriteString("| answer | worlds |\n| --- | --- |\n")
		for _, row := range []struct {
			text  string
			count int
		}{
			{"all", s.total},
			{"the same set in the same order", s.sameOrder},
			{"both refuse", s.bothRefuse},
			{"the same set in another order", s.onlyOrder},
			{"apk refuses, ours answers", s.oursOnly},
			{"apk answers, ours refuses", s.apksOnly},
			{"another set", s.differ},
		} {
			fmt.Fprintf(&b, "| %s | %d |\n", row.text, row.count)
		}
		b.WriteString("\n")
		for _, c := range s.listed {
			fmt.Fprintf(&b, "- `%s`: %s\n", strings.Join(c.world, " "), c.difference())
		}
		if len(s.listed) > 0 {
			b.WriteString("\n")
		}
	}
	return b.String()
}
