package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
	"github.com/rules-apk/rules_apk/tools/internal/lock/lockgraph"
)

func treeCommand() cli.Command {
	return cli.Command{
		Name:    "tree",
		Summary: "show the locked packages as trees that grow from those in apk.yaml",
		Example: "apklock tree --arch x86_64",
		Define: func(_ *cli.Process, flags *flag.FlagSet) cli.Action {
			var o graphOptions
			o.define(flags)
			return func(ctx context.Context, p *cli.Process, _ []string) error {
				return tree(o, p)
			}
		},
	}
}

func tree(o graphOptions, p *cli.Process) error {
	graphs, err := o.graphs(p)
	if err != nil {
		return err
	}
	var out strings.Builder
	for _, g := range graphs {
		fmt.Fprintln(&out, g.Arch)
		writeNodes(&out, g, g.Tree(), "")
	}
	_, err = io.WriteString(p.Stdout, out.String())
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
