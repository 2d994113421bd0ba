"""execution_requirements: what Bazel has to know of a tool's actions."""

visibility(["//tools/..."])

ExecutionRequirementsInfo = provider(
    doc = "What Bazel has to know of a tool's actions to run them.",
    fields = {"requirements": "dict of strings, as ctx.actions.run takes them"},
)

def _execution_requirements_impl(ctx):
    return [ExecutionRequirementsInfo(requirements = ctx.attr.requirements)]

execution_requirements = rule(
    implementation = _execution_requirements_impl,
    doc = "Holds execution requirements, so that they can depend on Bazel's own flags.",
    attrs = {
        "requirements": attr.string_dict(
            doc = "As ctx.actions.run takes them.",
            mandatory = True,
        ),
    },
    provides = [ExecutionRequirementsInfo],
)
