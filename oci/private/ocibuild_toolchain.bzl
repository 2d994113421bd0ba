"""ocibuild_toolchain: which ocibuild the actions run."""

visibility(["//oci/..."])

DOC = """Wraps an `ocibuild` binary for `//oci:toolchain_type`.

The default one is built from source. A workspace with a binary of its own registers that instead:

```starlark
ocibuild_toolchain(
    name = "prebuilt",
    ocibuild = "//third_party:ocibuild_linux_amd64",
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
        doc = "The binary, built for the machine that runs actions.",
        cfg = "exec",
        executable = True,
        mandatory = True,
    ),
}

def _ocibuild_toolchain_impl(ctx):
    return [platform_common.ToolchainInfo(
        ocibuild = ctx.attr.ocibuild[DefaultInfo].files_to_run,
    )]

ocibuild_toolchain = rule(
    implementation = _ocibuild_toolchain_impl,
    doc = DOC,
    attrs = ATTRS,
)
