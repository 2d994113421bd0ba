"""The one way in which actions run ocibuild."""

load("//oci/private/providers:ocibuild_tools.bzl", "OcibuildToolsInfo")

visibility(["//apk/...", "//oci/..."])

# No toolchain: to resolve one, Bazel loads every toolchain that any module registers, which takes longer than an image.
OCIBUILD_ATTRS = {
    "_ocibuild": attr.label(
        default = "//oci:tools",
        providers = [OcibuildToolsInfo],
    ),
}

def ocibuild_args(ctx):
    """Starts the flags of an ocibuild action.

    Args:
        ctx: rule context

    Returns:
        Args, which travel in a file.
    """
    args = ctx.actions.args()
    args.use_param_file("--flagfile=%s", use_always = True)  # As Bazel's protocol for workers wants it.
    args.set_param_file_format("multiline")
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
    tools = ctx.attr._ocibuild[OcibuildToolsInfo]
    ctx.actions.run(
        executable = tools.ocibuild,
        arguments = [subcommand, args],
        inputs = inputs,
        outputs = outputs,
        mnemonic = mnemonic,
        progress_message = progress_message,
        env = {},
        execution_requirements = tools.requirements | execution_requirements,
    )
