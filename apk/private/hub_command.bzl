"""hub_command: an apklock subcommand to `bazel run`."""

load("//tools/private:tools.bzl", "RUN_TOOLS_ATTRS", "tool_executable")

visibility("public")  # Loaded by the repositories that the module extension makes.

DOC = """`bazel run` of it runs apklock with `args`, without a shell. Made by the module extension.

apklock takes relative paths from where `bazel run` was started.
"""

ATTRS = RUN_TOOLS_ATTRS | {
    "hub": attr.string(
        doc = "The hub's name, for the commands that apklock's messages name.",
        mandatory = True,
    ),
}

def _hub_command_impl(ctx):
    program = tool_executable(ctx, "apklock", executable = ctx.label.name + ".apklock")
    return [
        DefaultInfo(executable = program.executable, runfiles = program.runfiles),
        RunEnvironmentInfo(environment = {"APKLOCK_HUB": ctx.attr.hub}),
    ]

hub_command = rule(
    implementation = _hub_command_impl,
    doc = DOC,
    attrs = ATTRS,
    executable = True,
)
