"""hub_lock_test: the lock is what apk.yaml asks for."""

visibility("public")  # Loaded by the repositories that the module extension makes.

DOC = "A test that fails when apk.yaml was changed and the lock was not. Made by the module extension."

ATTRS = {
    "config": attr.label(
        allow_single_file = True,
        doc = "apk.yaml.",
        mandatory = True,
    ),
    "config_path": attr.string(
        doc = "Its path in the workspace, as in `args`.",
        mandatory = True,
    ),
    "lock": attr.label(
        allow_single_file = True,
        doc = "The lock.",
        mandatory = True,
    ),
    "lock_path": attr.string(
        doc = "Its path in the workspace, as in `args`.",
        mandatory = True,
    ),
    "_apklock": attr.label(
        cfg = "exec",
        default = "//tools/cmd/apklock",
        executable = True,
    ),
}

def _hub_lock_test_impl(ctx):
    apklock = ctx.actions.declare_file(ctx.label.name + ".apklock")
    ctx.actions.symlink(
        output = apklock,
        target_file = ctx.executable._apklock,
        is_executable = True,
    )
    runfiles = ctx.runfiles(symlinks = {
        ctx.attr.config_path: ctx.file.config,
        ctx.attr.lock_path: ctx.file.lock,
    })
    return [DefaultInfo(
        executable = apklock,
        runfiles = runfiles.merge(ctx.attr._apklock[DefaultInfo].default_runfiles),
    )]

hub_lock_test = rule(
    implementation = _hub_lock_test_impl,
    doc = DOC,
    attrs = ATTRS,
    test = True,
)
