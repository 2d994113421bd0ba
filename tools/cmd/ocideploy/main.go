// Command ocideploy brings images to where they are used: into registries, into Docker, podman and containerd, or into
// a tar. `bazel run` runs it for oci_push and oci_load targets.
package main

import (
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
)

func main() { program().Main() }

func program() *cli.Program {
	return &cli.Program{
		Name: "ocideploy", Summary: "brings images into registries, daemons and files.", Implied: implied,
		Commands: []cli.Command{pushCommand(), loadCommand(), digestCommand(), fetchCommand()},
	}
}
