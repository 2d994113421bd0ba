"""ocibuild_toolchain: which ocibuild the actions run."""

load("//oci/private:requirements.bzl", "ExecutionRequirementsInfo")

visibility(["//oci/..."])

DOC = """Wraps an `ocibuild` binary, and `ocifetch`, for `//oci:toolchain_type`.

The default one is built from source. A workspace with a binary of its own registers that instead:

```starlark
ocibuild_toolchain(
    name = "prebuilt",
    ocibuild = "//third_party:ocibuild_linux_amd64",
    ocifetch = "//third_party:ocifetch_linux_amd64",
)

toolchain(
    name = "prebuilt_toolchain",
    exec_compatible_with = ["@platforms//os:linux", "@platforms//cpu:x86_64"],
    toolchain = ":prebuilt",
    toolchain_type = "@rules_apk//oci:toolchain_type",
)
```
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

def _ocibuild_toolchain_impl(ctx):
    return [platform_common.ToolchainInfo(
        ocibuild = ctx.attr.ocibuild[DefaultInfo].files_to_run,
        ocifetch = ctx.attr.ocifetch[DefaultInfo].files_to_run if ctx.attr.ocifetch else None,
        requirements = ctx.attr._requirements[ExecutionRequirementsInfo].requirements,
    )]

ocibuild_toolchain = rule(
    implementation = _ocibuild_toolchain_impl,
    doc = DOC,
    attrs = ATTRS,
)
