"""tool_command: a program of the toolset to `bazel run`."""

load("//tools/private:tools.bzl", "RUN_TOOLS_ATTRS", "tool_executable")

visibility(["//..."])

DOC = """`bazel run` of it runs a program of the toolset with `args`, without a shell.

The programs take relative paths from where `bazel run` was started.
"""

ATTRS = RUN_TOOLS_ATTRS | {
    "tool": attr.string(
        doc = "The program's name.",
        mandatory = True,
        values = ["apkinit", "apklock", "ocideploy"],
    ),
}

def _tool_command_impl(ctx):
    program = tool_executable(ctx, ctx.attr.tool)
    return [DefaultInfo(executable = program.executable, runfiles = program.runfiles)]

tool_command = rule(
    implementation = _tool_command_impl,
    doc = DOC,
    attrs = ATTRS,
    executable = True,
)
