"""oci_index: images of several platforms under one digest."""

load("//oci/private:ocibuild.bzl", "OCIBUILD_ATTRS", "ocibuild_args", "ocibuild_run")
load("//oci/private:platform.bzl", "platform_of")
load("//oci/private:stamp.bzl", "STAMP_ATTRS", "stamp_files")
load("//oci/private/actions:layout.bzl", "layout_directory")
load("//oci/private/providers:image.bzl", "OciImageInfo")
load("//oci/private/providers:index.bzl", "OciIndexInfo")

visibility(["//oci/..."])

DOC = """One digest for images of several platforms.

With `platforms`, each of `images` is built for each platform. By default it builds index, image descriptor and the
images' manifests and configs; the output group `oci_layout` is a directory with everything, in the OCI image layout.

```starlark
oci_index(
    name = "index",
    images = [":image"],
    platforms = [
        "@rules_go//go/toolchain:linux_amd64",
        "@rules_go//go/toolchain:linux_arm64",
    ],
)
```
"""

_PLATFORMS = "//command_line_option:platforms"

def _platforms_transition_impl(settings, attr):
    if not attr.platforms:
        return {"target": {_PLATFORMS: settings[_PLATFORMS]}}
    return {str(platform): {_PLATFORMS: str(platform)} for platform in attr.platforms}

platforms_transition = transition(
    implementation = _platforms_transition_impl,
    inputs = [_PLATFORMS],
    outputs = [_PLATFORMS],
)

ATTRS = STAMP_ATTRS | OCIBUILD_ATTRS | {
    "annotations": attr.string_dict(
        doc = "Annotations of the index; `{KEY}` stands for a value of `--workspace_status_command`, see `stamp`.",
    ),
    "images": attr.label_list(
        doc = "The images.",
        allow_empty = False,
        cfg = platforms_transition,
        mandatory = True,
        providers = [OciImageInfo],
    ),
    "platforms": attr.label_list(
        doc = "Platforms to build each image for. Empty: the target platform.",
    ),
}

def _images(split_images):
    """Collects the images of a split attribute.

    Args:
        split_images: dict of platform to list of targets

    Returns:
        (err, value): the value is a list of OciImageInfo.
    """
    images = []
    owners = {}
    for platform, targets in split_images.items():
        for target in targets:
            image = target[OciImageInfo]
            name = platform_of(image).name
            if name in owners:
                return "%s for %s and %s for %s are both %s, want one image for each platform" % (
                    owners[name].label,
                    owners[name].platform,
                    target.label,
                    platform,
                    name,
                ), None
            owners[name] = struct(label = target.label, platform = platform)
            images.append(image)
    return None, images

def _oci_index_impl(ctx):
    err, images = _images(ctx.split_attr.images)
    if err:
        fail("%s: %s" % (ctx.label, err))
    index = ctx.actions.declare_file(ctx.label.name + ".index.json")
    descriptor = ctx.actions.declare_file(ctx.label.name + ".descriptor.json")
    digest = ctx.actions.declare_file(ctx.label.name + ".digest")

    args = ocibuild_args(ctx)
    for image in images:
        args.add(image.descriptor, format = "--image=@%s")
    if ctx.attr.annotations:
        args.add(json.encode(ctx.attr.annotations), format = "--annotations=%s")
    stamps = stamp_files(ctx, ctx.attr.annotations.values())
    args.add_all(stamps, format_each = "--stamp-file=%s")
    args.add(index, format = "--index-out=%s")
    args.add(descriptor, format = "--image-out=%s")
    args.add(digest, format = "--digest-out=%s")
    ocibuild_run(
        ctx,
        subcommand = "index",
        args = args,
        inputs = [image.descriptor for image in images] + stamps,
        outputs = [index, descriptor, digest],
        mnemonic = "OciIndex",
        progress_message = "Writing the index of %{label}",
    )

    info = OciIndexInfo(
        descriptor = descriptor,
        digest = digest,
        images = tuple(images),
        index = index,
    )
    layout = layout_directory(ctx, info)
    parts = [file for image in images for file in (image.manifest, image.config)]
    return [
        DefaultInfo(files = depset([index, descriptor] + parts)),
        OutputGroupInfo(
            digest = depset([digest]),
            oci_layout = depset([layout]),
        ),
        info,
    ]

oci_index = rule(
    implementation = _oci_index_impl,
    doc = DOC,
    attrs = ATTRS,
    provides = [OciIndexInfo],
)
