// Command apklock makes and explains apk.lock.json. People run it, directly or through "bazel run @alpine//:lock"; it
// uses the network.
package main

import (
	"github.com/rules-apk/rules_apk/tools/cmd/internal/cli"
)

func main() { program().Main() }

func program() *cli.Program {
	return &cli.Program{
		Name: "apklock", Summary: "makes and explains apk.lock.json, the locked APK packages of a workspace.", Advice: advice,
		Commands: []cli.Command{
			lockCommand(), updateCommand(), checkCommand(), whyCommand(), treeCommand(), affectedCommand(), diffCommand(), outdatedCommand(),
			mirrorCommand(), verifyCommand(), resolveCommand(),
		},
	}
}
