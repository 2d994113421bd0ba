"""The one way in which actions run ocibuild."""

load("//tools/private:tools.bzl", "ACTION_TOOLS_ATTRS", "action_requirements", "action_tool")

visibility(["//apk/...", "//oci/..."])

OCIBUILD_ATTRS = ACTION_TOOLS_ATTRS

def ocibuild_args(ctx):
    """Starts the flags of an ocibuild action.

    Args:
        ctx: rule context

    Returns:
        Args, which travel in a file.
    """
    args = ctx.actions.args()
    args.use_param_file("--flagfile=%s", use_always = True)  # As Bazel's protocol for workers wants it.
    args.set_param_file_format("shell")  # Names of files may have line breaks.
    return args

def ocibuild_run(ctx, *, subcommand, args, inputs, outputs, mnemonic, progress_message, execution_requirements = {}):
    """Registers an action that runs ocibuild: no shell, no environment, no absolute path, remotable.

    Args:
        ctx: context of a rule with OCIBUILD_ATTRS
        subcommand: string, such as "facts"
        args: Args from ocibuild_args; every path in it is added as a File, so that paths can be mapped
        inputs: list or depset of Files
        outputs: list of Files
        mnemonic: string
        progress_message: string, with %{label}, %{output} and so on
        execution_requirements: dict, more of them
    """
    ctx.actions.run(
        executable = action_tool(ctx, "ocibuild"),
        arguments = [subcommand, args],
        inputs = inputs,
        outputs = outputs,
        mnemonic = mnemonic,
        progress_message = progress_message,
        env = {},
        execution_requirements = action_requirements(ctx) | execution_requirements,
        toolchain = None,
    )
