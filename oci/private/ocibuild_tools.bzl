"""ocibuild_tools: which programs the actions run."""

load("//oci/private:requirements.bzl", "ExecutionRequirementsInfo")
load("//oci/private/providers:ocibuild_tools.bzl", "OcibuildToolsInfo")

visibility(["//oci/..."])

DOC = """The programs that the actions of rules_apk run.

By default they are built from source. A workspace with binaries of its own says so in its `.bazelrc`:

```starlark
# common --@rules_apk//oci:tools=//third_party:rules_apk_tools
ocibuild_tools(
    name = "rules_apk_tools",
    ocibuild = ":ocibuild_linux_amd64",
    ocifetch = ":ocifetch_linux_amd64",
)
```

Where actions run on machines of several kinds, an `alias` with a `select()` names the binary.
"""

ATTRS = {
    "ocibuild": attr.label(
        allow_single_file = True,
        doc = "The binary, built for the machine that runs actions.",
        cfg = "exec",
        executable = True,
        mandatory = True,
    ),
    "ocifetch": attr.label(
        allow_single_file = True,
        doc = "The binary that downloads in actions, built for the machine that runs them; needed for `fetch = \"action\"` only.",
        cfg = "exec",
        executable = True,
    ),
    "_requirements": attr.label(
        default = "//oci/private:ocibuild_requirements",
        providers = [ExecutionRequirementsInfo],
    ),
}

def _ocibuild_tools_impl(ctx):
    return [OcibuildToolsInfo(
        ocibuild = ctx.attr.ocibuild[DefaultInfo].files_to_run,
        ocifetch = ctx.attr.ocifetch[DefaultInfo].files_to_run if ctx.attr.ocifetch else None,
        requirements = ctx.attr._requirements[ExecutionRequirementsInfo].requirements,
    )]

ocibuild_tools = rule(
    implementation = _ocibuild_tools_impl,
    doc = DOC,
    attrs = ATTRS,
    provides = [OcibuildToolsInfo],
)
