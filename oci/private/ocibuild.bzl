"""The one way in which actions run ocibuild."""

visibility(["//apk/...", "//oci/..."])

OCIBUILD_TOOLCHAIN_TYPE = Label("//oci:toolchain_type")

def ocibuild_args(ctx):
    """Starts the flags of an ocibuild action.

    Args:
        ctx: rule context

    Returns:
        Args; travel in a file where they would be too long for a command line.
    """
    args = ctx.actions.args()
    args.use_param_file("--flagfile=%s")
    args.set_param_file_format("multiline")
    return args

def ocibuild_run(ctx, *, subcommand, args, inputs, outputs, mnemonic, progress_message):
    """Registers an action that runs ocibuild: no shell, no environment, no absolute path, remotable.

    Args:
        ctx: context of a rule with `toolchains = [OCIBUILD_TOOLCHAIN_TYPE]`
        subcommand: string, such as "facts"
        args: Args from ocibuild_args; every path in it is added as a File, so that paths can be mapped
        inputs: list or depset of Files
        outputs: list of Files
        mnemonic: string
        progress_message: string, with %{label}, %{output} and so on
    """
    ctx.actions.run(
        executable = ctx.toolchains[OCIBUILD_TOOLCHAIN_TYPE].ocibuild,
        toolchain = OCIBUILD_TOOLCHAIN_TYPE,
        arguments = [subcommand, args],
        inputs = inputs,
        outputs = outputs,
        mnemonic = mnemonic,
        progress_message = progress_message,
        env = {},
        execution_requirements = {"supports-path-mapping": "1"},
    )
