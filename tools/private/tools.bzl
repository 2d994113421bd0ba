"""How rules get at their programs, each built for the machine that is to run it."""

load("//tools/private/providers:toolset.bzl", "ToolsetInfo")

visibility(["//apk/...", "//oci/...", "//tools/..."])

_TOOLS = Label("//tools")

_HOST = "@platforms//host"

# What --platforms is where nobody sets it.
_DEFAULT_PLATFORM = Label("@bazel_tools//tools:host_platform")

def _host_transition_impl(settings, _attr):
    """Bazel's own machine, whatever is built: not --host_platform, which may name remote executors."""
    platforms = settings["//command_line_option:platforms"]
    if [platform for platform in platforms if Label(str(platform)) != _DEFAULT_PLATFORM]:
        return {"//command_line_option:platforms": [_HOST]}
    return settings

_host_transition = transition(
    implementation = _host_transition_impl,
    inputs = ["//command_line_option:platforms"],
    outputs = ["//command_line_option:platforms"],
)

# No toolchain: to resolve one, Bazel loads every toolchain that any module registers, which takes longer than an image.

# For rules with actions: the tools are for the execution platform that the rule's actions run on.
ACTION_TOOLS_ATTRS = {
    "_action_tools": attr.label(
        cfg = "exec",
        default = _TOOLS,
        providers = [ToolsetInfo],
    ),
}

# For rules whose targets are for `bazel run`, which runs them on the machine that Bazel runs on.
RUN_TOOLS_ATTRS = {
    "_run_tools": attr.label(
        cfg = _host_transition,
        default = _TOOLS,
        providers = [ToolsetInfo],
    ),
}

# For tests: the tools are for the execution platform that the test runs on.
TEST_TOOLS_ATTRS = {
    "_test_tools": attr.label(
        cfg = config.exec("test"),
        default = _TOOLS,
        providers = [ToolsetInfo],
    ),
}

def _program(ctx, target, name):
    program = getattr(target[ToolsetInfo], name)
    if not program:
        fail("%s: the toolset %s has no %s, which this target runs; set it, or do without --@rules_apk//tools" % (
            ctx.label,
            target.label,
            name,
        ))
    return program

def action_tool(ctx, name):
    """A program for actions.

    Args:
        ctx: context of a rule with ACTION_TOOLS_ATTRS
        name: string, such as "ocibuild"

    Returns:
        FilesToRunProvider
    """
    return _program(ctx, ctx.attr._action_tools, name).files_to_run

def action_requirements(ctx):
    """What Bazel has to know of ocibuild's actions.

    Args:
        ctx: context of a rule with ACTION_TOOLS_ATTRS

    Returns:
        dict of strings, execution requirements
    """
    return ctx.attr._action_tools[ToolsetInfo].requirements

def _outside(ctx):
    """The toolset for what does not run as an action of Bazel's choice."""
    target = getattr(ctx.attr, "_test_tools", None) or ctx.attr._run_tools
    return target[0] if type(target) == "list" else target  # A transition of Starlark's makes it a list.

def run_tool(ctx, name):
    """A program for the machine that Bazel runs on; for actions, too, that may only run there.

    Args:
        ctx: context of a rule with RUN_TOOLS_ATTRS
        name: string, such as "ocideploy"

    Returns:
        FilesToRunProvider
    """
    return _program(ctx, _outside(ctx), name).files_to_run

def tool_executable(ctx, name, *, executable = None, runfiles = None):
    """Declares a program as the executable of a target for `bazel run` or `bazel test`.

    Args:
        ctx: context of a rule with RUN_TOOLS_ATTRS or TEST_TOOLS_ATTRS
        name: string, such as "ocideploy"
        executable: string, the file's name; None for that of the target
        runfiles: runfiles that it needs, or None

    Returns:
        struct of executable, a File, and runfiles
    """
    program = _program(ctx, _outside(ctx), name)
    file = ctx.actions.declare_file(executable or ctx.label.name)
    ctx.actions.symlink(output = file, target_file = program.files_to_run.executable, is_executable = True)
    own = program.default_runfiles or ctx.runfiles()
    return struct(executable = file, runfiles = runfiles.merge(own) if runfiles else own)
