"""program_args: the arguments and the environment that a program's own target gives it."""

visibility(["//oci/..."])

ProgramArgsInfo = provider(
    doc = "The attribute `args` of an executable target.",
    fields = {"args": "tuple of strings, as the target has them: nothing is expanded"},
)

def _program_args_impl(_target, ctx):
    return [ProgramArgsInfo(args = tuple(getattr(ctx.rule.attr, "args", [])))]

program_args = aspect(
    implementation = _program_args_impl,
    doc = "Reads the attribute `args` of a target, which no provider has.",
    provides = [ProgramArgsInfo],
)

def program_defaults(*, args, environment):
    """What `bazel run` would give a program, as the config of an image.

    Args:
        args: list of strings, as ProgramArgsInfo has them
        environment: dict of strings, as RunEnvironmentInfo has it

    Returns:
        (err, value): struct of cmd, a list of strings, and env, a dict of strings whose dollar signs stand for themselves
    """
    for arg in args:
        if "$(" in arg:
            return "the binary's args have \"%s\", which is a path of the build; set cmd to what it is in the image" % arg, None
    return None, struct(
        cmd = [arg.replace("$$", "$") for arg in args],
        env = {name: value.replace("$", "$$") for name, value in environment.items()},
    )
