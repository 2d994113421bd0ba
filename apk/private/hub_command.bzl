"""hub_command: an apklock subcommand to `bazel run`."""

visibility("public")  # Loaded by the repositories that the module extension makes.

DOC = """`bazel run` of it runs apklock with `args`, without a shell. Made by the module extension.

apklock takes relative paths from where `bazel run` was started.
"""

ATTRS = {
    "_apklock": attr.label(
        cfg = "exec",
        default = "//tools/cmd/apklock",
        executable = True,
    ),
}

def _hub_command_impl(ctx):
    apklock = ctx.actions.declare_file(ctx.label.name + ".apklock")
    ctx.actions.symlink(
        output = apklock,
        target_file = ctx.executable._apklock,
        is_executable = True,
    )
    return [DefaultInfo(
        executable = apklock,
        runfiles = ctx.attr._apklock[DefaultInfo].default_runfiles,
    )]

hub_command = rule(
    implementation = _hub_command_impl,
    doc = DOC,
    attrs = ATTRS,
    executable = True,
)
