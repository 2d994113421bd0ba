"""hub_lock_test: the lock is what apk.yaml asks for."""

load("//tools/private:tools.bzl", "TEST_TOOLS_ATTRS", "tool_executable")

visibility("public")  # Loaded by the repositories that the module extension makes.

DOC = "A test that fails where the lock is missing, cannot be read, or is not what apk.yaml asks for. Made by the module extension."

ATTRS = TEST_TOOLS_ATTRS | {
    "config": attr.label(
        allow_single_file = True,
        doc = "apk.yaml.",
        mandatory = True,
    ),
    "config_path": attr.string(
        doc = "Its path in the workspace, as in `args`.",
        mandatory = True,
    ),
    "hub": attr.string(
        doc = "The hub's name, for the commands that apklock's messages name.",
        mandatory = True,
    ),
    "lock": attr.label(
        allow_single_file = True,
        doc = "The lock; none: the test fails.",
    ),
    "lock_path": attr.string(
        doc = "Its path in the workspace, as in `args`.",
        mandatory = True,
    ),
}

def _hub_lock_test_impl(ctx):
    files = {ctx.attr.config_path: ctx.file.config}
    if ctx.file.lock:
        files[ctx.attr.lock_path] = ctx.file.lock
    runfiles = ctx.runfiles(symlinks = files)
    program = tool_executable(ctx, "apklock", executable = ctx.label.name + ".apklock", runfiles = runfiles)
    return [
        DefaultInfo(executable = program.executable, runfiles = program.runfiles),
        RunEnvironmentInfo(environment = {"APKLOCK_HUB": ctx.attr.hub}),
    ]

hub_lock_test = rule(
    implementation = _hub_lock_test_impl,
    doc = DOC,
    attrs = ATTRS,
    test = True,
)
