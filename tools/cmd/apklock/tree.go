package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/lock/lockgraph"
)

func treeCommand() command {
	return command{
		name:    "tree",
		summary: "show the locked packages as trees that grow from those in apk.yaml",
		example: "apklock tree --arch x86_64",
		define: func(flags *flag.FlagSet) action {
			var o graphOptions
			o.define(flags)
			return noArguments("tree", func(ctx context.Context, stdout, stderr io.Writer) error {
				return tree(o, stdout)
			})
		},
	}
}

func tree(o graphOptions, stdout io.Writer) error {
	graphs, err := o.graphs()
	if err != nil {
		return err
	}
	var out strings.Builder
	for _, g := range graphs {
		fmt.Fprintln(&out, g.Arch)
		writeNodes(&out, g, g.Tree(), "")
	}
	_, err = io.WriteString(stdout, out.String())
	return err
}

func writeNodes(w io.Writer, g *lockgraph.Graph, nodes []*lockgraph.Node, indent string) {
	for i, n := range nodes {
		branch, below := "├── ", "│   "
		if i == len(nodes)-1 {
			branch, below = "└── ", "    "
		}
		fmt.Fprintf(w, "%s%s%s %s%s\n", indent, branch, n.Name, g.Package(n.Name).Version, remark(n))
		writeNodes(w, g, n.Children, indent+below)
	}
}

func remark(n *lockgraph.Node) string {
	var remarks []string
	if n.InstallIf {
		remarks = append(remarks, "install_if")
	}
	if n.Repeated {
		remarks = append(remarks, "see above")
	}
	if len(remarks) == 0 {
		return ""
	}
	return " (" + strings.Join(remarks, ", ") + ")"
}
