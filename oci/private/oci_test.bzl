"""oci_test: an image is what is expected of it."""

load("//oci/private/providers:image.bzl", "OciImageInfo")

visibility(["//oci/..."])

DOC = """A test of an image's config, files, packages and size, without a container runtime. What is not given is not tested.

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

ATTRS = _EXPECT_ATTRS | {
    "image": attr.label(
        doc = "The image.",
        mandatory = True,
        providers = [OciImageInfo],
    ),
    "_ocitest": attr.label(
        cfg = "exec",
        default = "//tools/cmd/ocitest",
        executable = True,
    ),
}

def _layer(layer):
    if layer.facts:
        spec = {"facts": layer.facts.short_path}
    else:
        spec = {"blob": layer.blob.short_path}
    if layer.inline != None:
        return spec | {"descriptor": json.decode(layer.inline)}
    return spec | {"descriptor_file": layer.descriptor.short_path}

def _oci_test_impl(ctx):
    image = ctx.attr.image[OciImageInfo]
    expect = {name: getattr(ctx.attr, name) for name in _EXPECT_ATTRS}
    spec = ctx.actions.declare_file(ctx.label.name + ".ocitest.json")
    ctx.actions.write(spec, json.encode_indent({
        "config": image.config.short_path,
        "expect": {name: value for name, value in expect.items() if value},
        "layers": [_layer(layer) for layer in image.layers],
        "layouts": [layout.short_path for layout in image.layouts.to_list()],
        "manifest": image.manifest.short_path,
    }, indent = "  ") + "\n")
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = ctx.executable._ocitest, is_executable = True)
    files = [spec, image.manifest, image.config]
    files += [file for layer in image.layers for file in (layer.facts or layer.blob, layer.descriptor) if file]
    runfiles = ctx.runfiles(files, transitive_files = image.layouts).merge(ctx.attr._ocitest[DefaultInfo].default_runfiles)
    return [DefaultInfo(executable = executable, runfiles = runfiles)]

oci_test = rule(
    implementation = _oci_test_impl,
    doc = DOC,
    attrs = ATTRS,
    test = True,
)
