"""The one way in which actions run ocibuild."""

visibility(["//apk/...", "//oci/..."])

OCIBUILD_TOOLCHAIN_TYPE = Label("//oci:toolchain_type")

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
        ctx: context of a rule with `toolchains = [OCIBUILD_TOOLCHAIN_TYPE]`
        subcommand: string, such as "facts"
        args: Args from ocibuild_args; every path in it is added as a File, so that paths can be mapped
        inputs: list or depset of Files
        outputs: list of Files
        mnemonic: string
        progress_message: string, with %{label}, %{output} and so on
        execution_requirements: dict, more of them
    """
    toolchain = ctx.toolchains[OCIBUILD_TOOLCHAIN_TYPE]
    ctx.actions.run(
        executable = toolchain.ocibuild,
        toolchain = OCIBUILD_TOOLCHAIN_TYPE,
        arguments = [subcommand, args],
        inputs = inputs,
        outputs = outputs,
        mnemonic = mnemonic,
        progress_message = progress_message,
        env = {},
        execution_requirements = toolchain.requirements | execution_requirements,
    )
