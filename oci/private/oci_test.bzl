"""oci_test: an image is what is expected of it."""

load("//oci/private:deployable.bzl", "DEPLOYABLE", "deployable")
load("//oci/private:layers.bzl", "layer_spec", "unique_layers")
load("//tools/private:tools.bzl", "TEST_TOOLS_ATTRS", "tool_executable")

visibility(["//oci/..."])

DOC = """A test of an image's config, files, packages and size, without a container runtime. What is not given is not tested.

Of an index every image is tested.

```starlark
oci_test(
    name = "image_test",
    image = ":image",
    entrypoint = ["/app/server"],
    user = "nonroot",
    modes = {"/app/server": "0755"},
    absent = ["/root/.ssh"],
    forbid = ["setuid", "shell"],
    max_size = 20000000,
)
```
"""

_EXPECT_ATTRS = {
    "absent": attr.string_list(
        doc = "Paths that it has not.",
    ),
    "cmd": attr.string_list(
        doc = "Its command.",
    ),
    "entrypoint": attr.string_list(
        doc = "Its entrypoint.",
    ),
    "env": attr.string_dict(
        doc = "Variables of its environment; it may have more.",
    ),
    "files": attr.string_list(
        doc = "Paths that it has.",
    ),
    "forbid": attr.string_list(
        doc = "Kinds of files that it has not: `setuid` (or setgid), `shell`.",
    ),
    "labels": attr.string_dict(
        doc = "Labels of its config; it may have more.",
    ),
    "links": attr.string_dict(
        doc = "Paths of symbolic links, and what they point to.",
    ),
    "max_layers": attr.int(
        doc = "How many layers it has at most.",
    ),
    "max_size": attr.int(
        doc = "How many compressed bytes its layers have at most, together.",
    ),
    "modes": attr.string_dict(
        doc = "Paths, and their modes as four octal digits.",
    ),
    "owners": attr.string_dict(
        doc = "Paths, and their owners as `uid:gid`.",
    ),
    "packages": attr.string_dict(
        doc = "Packages of its package database, and their versions, or nothing for any.",
    ),
    "platform": attr.string(
        doc = "`os/architecture[/variant]`.",
    ),
    "user": attr.string(
        doc = "The user that it runs as.",
    ),
    "users": attr.string_dict(
        doc = "Users in its /etc/passwd, and their `uid:gid`, or nothing for any.",
    ),
    "workdir": attr.string(
        doc = "Its working directory.",
    ),
}

ATTRS = _EXPECT_ATTRS | TEST_TOOLS_ATTRS | {
    "image": attr.label(
        doc = "An image or an index.",
        mandatory = True,
        providers = DEPLOYABLE,
    ),
}

def _spec(ctx, images, layers, layouts):
    """What ocitest is to test (docs/formats.md, "Image test").

    Returns:
        (spec, files): dict, and the list of Files that it names
    """
    files = []

    def path(file):
        files.append(file)
        return file.short_path

    expect = {name: getattr(ctx.attr, name) for name in _EXPECT_ATTRS}
    return {
        "expect": {name: value for name, value in expect.items() if value},
        "images": [{"config": path(image.config), "manifest": path(image.manifest)} for image in images],
        "layers": [layer_spec(layer, path, facts = True) for layer in layers],
        "layouts": [path(layout) for layout in layouts],
    }, files

def _oci_test_impl(ctx):
    images = deployable(ctx.attr.image).images
    layouts = depset(transitive = [image.layouts for image in images]).to_list()
    content, files = _spec(ctx, images, unique_layers(images), layouts)
    spec = ctx.actions.declare_file(ctx.label.name + ".ocitest.json")
    ctx.actions.write(spec, json.encode_indent(content, indent = "  ") + "\n")
    program = tool_executable(ctx, "ocitest", runfiles = ctx.runfiles([spec] + files))
    return [DefaultInfo(executable = program.executable, runfiles = program.runfiles)]

oci_test = rule(
    implementation = _oci_test_impl,
    doc = DOC,
    attrs = ATTRS,
    test = True,
)
