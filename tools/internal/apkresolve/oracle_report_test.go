package apkresolve

import (
	"fmt"
	"strings"
)

// report sums up comparisons, as Markdown.
type report struct {
	sections []section
}

type section struct {
	title                                                       string
	total, sameOrder, onlyOrder, bothRefuse, oursOnly, apksOnly int
	differ                                                      int
	listed                                                      []comparison // apk refuses, ours answers
	unexplained                                                 []comparison
}

func (r *report) add(title string, list []comparison) {
	s := section{title: title, total: len(list)}
	for _, c := range list {
		switch {
		case c.ourError != nil && c.apksError != nil:
			s.bothRefuse++
		case c.sameOrder():
			s.sameOrder++
		case c.sameSet():
			s.onlyOrder++
			s.unexplained = append(s.unexplained, c)
		case c.apksError != nil:
			s.oursOnly++
			s.listed = append(s.listed, c)
		case c.ourError != nil:
			s.apksOnly++
			s.unexplained = append(s.unexplained, c)
		default:
			s.differ++
			s.unexplained = append(s.unexplained, c)
		}
	}
	r.sections = append(r.sections, s)
}

func (r *report) String() string {
	var b strings.Builder
	for _, s := range r.sections {
		fmt.Fprintf(&b, "## %s\n\n", s.title)
		fmt.Fprintf(&b, "| worlds | same set, same order | both refuse | same set, other order | apk refuses, ours answers | apk answers, ours refuses | other set |\n")
		fmt.Fprintf(&b, "| --- | --- | --- | --- | --- | --- | --- |\n")
		fmt.Fprintf(&b, "| %d | %d | %d | %d | %d | %d | %d |\n\n", s.total, s.sameOrder, s.bothRefuse, s.onlyOrder, s.oursOnly, s.apksOnly, s.differ)
	}
	return b.String()
}
