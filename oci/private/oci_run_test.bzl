"""oci_run_test: a command in an image does what is expected of it."""

load("//oci/private:deployable.bzl", "DEPLOYABLE", "deployable")
load("//oci/private:ocibuild.bzl", "OCIBUILD_ATTRS")
load("//oci/private/actions:layout.bzl", "layout_directory")
load("//tools/private:tools.bzl", "TEST_TOOLS_ATTRS", "tool_executable")

visibility(["//oci/..."])

DOC = """A test that runs a command in an image, with runc (as root), podman or docker: the first of them that works.

Of an index, the image for this machine is run. The container has no network.
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
    "skip_without_runtime": attr.bool(
        doc = "Whether it succeeds where no runtime works, as in many sandboxes.",
    ),
}

def _run_test_impl(ctx):
    layout = layout_directory(ctx, deployable(ctx.attr.image))
    spec = ctx.actions.declare_file(ctx.label.name + ".ociruntest.json")
    ctx.actions.write(spec, json.encode_indent({
        "command": ctx.attr.command,
        "expect": {name: getattr(ctx.attr, name) for name in _EXPECT_ATTRS},
        "layout": layout.short_path,
        "skip_without_runtime": ctx.attr.skip_without_runtime,
    }, indent = "  ") + "\n")
    program = tool_executable(ctx, "ociruntest", runfiles = ctx.runfiles([spec, layout]))
    return [DefaultInfo(executable = program.executable, runfiles = program.runfiles)]

run_test = rule(
    implementation = _run_test_impl,
    doc = DOC,
    attrs = ATTRS,
    test = True,
)

def oci_run_test(name, *, skip_without_runtime = False, tags = None, **kwargs):
    """A test that runs a command in an image, with runc (as root), podman or docker: the first of them that works.

    Where none works, as in many sandboxes, it fails: nothing was tested. With `skip_without_runtime = True` it succeeds there;
    the first line of its log then begins with `SKIPPED:`, and it has the tag `skip_without_runtime`, so that
    `--test_tag_filters=-skip_without_runtime` leaves it out. Of an index, the image for this machine is run. The container has
    no network.

    ```starlark
    oci_run_test(
        name = "run_test",
        command = ["/app/server", "--once"],
        expected_output = ["Hello"],
        image = ":image",
    )
    ```

    Args:
        name: name of the target
        skip_without_runtime: bool, whether it succeeds where no runtime works
        tags: list of strings
        **kwargs: image, an image or an index; command, a list of the program and its arguments, in place of the image's
            entrypoint and cmd; exit_code, an int; expected_output and expected_error, lists of texts that its output has;
            and what every test has
    """
    run_test(
        name = name,
        skip_without_runtime = skip_without_runtime,
        tags = (tags or []) + (["skip_without_runtime"] if skip_without_runtime else []),
        **kwargs
    )
