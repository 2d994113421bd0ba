"""What the images are made of, without a compiler: its digests would be those of the machine that runs the test."""

load("@rules_apk//oci:defs.bzl", "oci_image", "oci_index", "oci_layout")

def _tree_impl(ctx):
    tree = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.run_shell(
        arguments = [tree.path],
        command = "cd $1 && " + ctx.attr.command,
        mnemonic = "Tree",
        outputs = [tree],
    )
    return [DefaultInfo(files = depset([tree]))]

tree = rule(
    implementation = _tree_impl,
    attrs = {"command": attr.string()},
)

def _links_impl(ctx):
    absolute = ctx.actions.declare_symlink(ctx.label.name + "_absolute")
    ctx.actions.symlink(output = absolute, target_path = ctx.attr.absolute)
    relative = ctx.actions.declare_symlink(ctx.label.name + "_relative")
    ctx.actions.symlink(output = relative, target_path = "../somewhere/else")
    sibling = ctx.actions.declare_symlink(ctx.label.name + "_sibling")
    ctx.actions.symlink(output = sibling, target_path = "greeting.txt")
    source = ctx.actions.declare_file(ctx.label.name + "_source.txt")
    ctx.actions.symlink(output = source, target_file = ctx.file.source)
    generated = ctx.actions.declare_file(ctx.label.name + "_generated.txt")
    ctx.actions.symlink(output = generated, target_file = ctx.file.generated)
    return [DefaultInfo(files = depset([absolute, relative, sibling, source, generated]))]

links = rule(
    implementation = _links_impl,
    attrs = {
        "absolute": attr.string(default = "/usr/share/zoneinfo/UTC"),
        "generated": attr.label(allow_single_file = True),
        "source": attr.label(allow_single_file = True),
    },
    doc = "Links that are to stay links, and others that Bazel makes in place of files.",
)

def _program_impl(ctx):
    executable = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(executable, "#!/bin/sh\necho hello\n", is_executable = True)
    return [DefaultInfo(
        executable = executable,
        runfiles = ctx.runfiles(
            files = ctx.files.data,
            root_symlinks = {"rooted.txt": ctx.file.link},
            symlinks = {"links/linked.txt": ctx.file.link},
        ),
    )]

program = rule(
    implementation = _program_impl,
    attrs = {
        "data": attr.label_list(allow_files = True),
        "link": attr.label(allow_single_file = True),
    },
    executable = True,
)

def golden_image(name, image):
    """An image for both architectures, as a layout of that name.

    Args:
        name: string, what the golden list calls it
        image: label
    """
    oci_index(
        name = name + "_index",
        images = [image],
        platforms = [
            "//platforms:amd64",
            "//platforms:arm64",
        ],
        tags = ["manual"],
    )
    oci_layout(
        name = name,
        image = name + "_index",
    )

def golden_layer(name, layer):
    """An image of one layer, as a layout of that name.

    Args:
        name: string, what the golden list calls it
        layer: label
    """
    oci_image(
        name = name + "_image",
        layers = [layer],
        tags = ["manual"],
    )
    golden_image(name, name + "_image")
