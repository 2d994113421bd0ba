"""oci_run_test: a command in an image does what is expected of it."""

load("//oci/private:deployable.bzl", "DEPLOYABLE", "deployable")
load("//oci/private:ocibuild.bzl", "OCIBUILD_ATTRS")
load("//oci/private/actions:layout.bzl", "layout_directory")
load("//tools/private:tools.bzl", "TEST_TOOLS_ATTRS", "tool_executable")

visibility(["//oci/..."])

DOC = """A test that runs a command in an image, with runc (as root), podman or docker: the first of them that works.

Where none works, as in many sandboxes, it succeeds and prints a line that begins with `SKIPPED:`; `--test_output=all` shows
it. Of an index, the image for this machine is run. The container has no network.

```starlark
oci_run_test(
    name = "run_test",
    command = ["/app/server", "--once"],
    expected_output = ["Hello"],
    image = ":image",
)
```
"""

_EXPECT_ATTRS = {
    "exit_code": attr.int(
        doc = "The command's exit code.",
    ),
    "expected_error": attr.string_list(
        doc = "Texts that its standard error contains.",
    ),
    "expected_output": attr.string_list(
        doc = "Texts that its standard output contains.",
    ),
}

ATTRS = _EXPECT_ATTRS | TEST_TOOLS_ATTRS | OCIBUILD_ATTRS | {
    "command": attr.string_list(
        doc = "The program and its arguments, in place of the image's entrypoint and cmd. Empty: those.",
    ),
    "image": attr.label(
        doc = "An image or an index.",
        mandatory = True,
        providers = DEPLOYABLE,
    ),
}

def _oci_run_test_impl(ctx):
    layout = layout_directory(ctx, deployable(ctx.attr.image))
    spec = ctx.actions.declare_file(ctx.label.name + ".ociruntest.json")
    ctx.actions.write(spec, json.encode_indent({
        "command": ctx.attr.command,
        "expect": {name: getattr(ctx.attr, name) for name in _EXPECT_ATTRS},
        "layout": layout.short_path,
    }, indent = "  ") + "\n")
    program = tool_executable(ctx, "ociruntest", runfiles = ctx.runfiles([spec, layout]))
    return [DefaultInfo(executable = program.executable, runfiles = program.runfiles)]

oci_run_test = rule(
    implementation = _oci_run_test_impl,
    doc = DOC,
    attrs = ATTRS,
    test = True,
)
