"""oci_binary_image: a program on top of a base."""

load("//oci/private:base.bzl", "BASE_ATTRS", "base_image")
load("//oci/private:image_config.bzl", "IMAGE_CONFIG_ATTRS", "image_config")
load("//oci/private:image_result.bzl", "image_result")
load("//oci/private:linux_transition.bzl", "linux_transition")
load("//oci/private:ocibuild.bzl", "OCIBUILD_ATTRS")
load("//oci/private:platform.bzl", "OCI_PLATFORM_ATTRS", "oci_platform", "platform_mismatch")
load("//oci/private:program_args.bzl", "ProgramArgsInfo", "program_args", "program_defaults")
load("//oci/private:runfiles.bzl", "RUNFILES_ATTRS", "program_entries", "split_program_entries")
load("//oci/private:stamp.bzl", "CREATED_ATTRS", "STAMP_ATTRS")
load("//oci/private/actions:layer.bzl", "COMPRESSION_ATTRS", "write_layer")
load("//oci/private/actions:link_check.bzl", "LINK_CHECK_ATTRS", "link_check")
load("//oci/private/actions:manifest.bzl", "image_manifest")
load("//oci/private/providers:image.bzl", "OciImageInfo")

visibility(["//oci/..."])

DOC = """An image that runs a program: any `*_binary` with its runfiles, on top of a base.

What other repositories bring (interpreters, third-party code) is a layer below that of this workspace's own code, so that
a change of the latter leaves the former as it is. Without runfiles, as with `go_binary`, there is one layer.

`oci_binary_image` with `platforms` is an index of one image for each.
"""

ATTRS = BASE_ATTRS | COMPRESSION_ATTRS | CREATED_ATTRS | IMAGE_CONFIG_ATTRS | LINK_CHECK_ATTRS | OCI_PLATFORM_ATTRS | RUNFILES_ATTRS | STAMP_ATTRS | OCIBUILD_ATTRS | {
    "binary": attr.label(
        aspects = [program_args],
        cfg = "target",
        doc = """The program.

Its `env` is the image's, below what the image's own `env` says. Its `args` are the image's `cmd` where that and `entrypoint` are
empty.
""",
        executable = True,
        mandatory = True,
    ),
    "path": attr.string(
        doc = "Absolute path of the program in the image. Empty: its own name in `/app`.",
    ),
}

def _layers(ctx, path):
    err, entries = program_entries(ctx, ctx.attr.binary, path)
    if err:
        return err, None
    parts = split_program_entries(entries)
    return None, [
        write_layer(
            ctx,
            compression = ctx.attr.compression,
            entries = entries,
            mtime = ctx.attr.mtime,
            suffix = "_" + title,
            title = title,
        )
        for title, entries in [("deps", parts.external), ("program", parts.own)]
        if entries
    ]

def _defaults(attr):
    """What the program's own target says of how it is run, where the image does not say otherwise."""
    says = attr.cmd or attr.entrypoint
    return program_defaults(
        args = [] if says else attr.binary[ProgramArgsInfo].args,
        environment = attr.binary[RunEnvironmentInfo].environment if RunEnvironmentInfo in attr.binary else {},
    )

def _oci_binary_image_impl(ctx):
    err, defaults = _defaults(ctx.attr)
    if err:
        fail("%s: %s" % (ctx.label, err))
    err, config = image_config(ctx.attr, env = defaults.env)
    if err:
        fail("%s: %s" % (ctx.label, err))
    err, platform = oci_platform(ctx)
    if err:
        fail("%s: %s" % (ctx.label, err))
    err, base = base_image(ctx)
    if err:
        fail("%s: %s" % (ctx.label, err))
    err = platform_mismatch(base.image, platform) if base.image else None
    if err:
        fail("%s: base %s %s" % (ctx.label, ctx.attr.base.label, err))
    path = ctx.attr.path or "/app/" + ctx.executable.binary.basename
    config.setdefault("Entrypoint", [path])
    if defaults.cmd:
        config.setdefault("Cmd", defaults.cmd)
    err, layers = _layers(ctx, path)
    if err:
        fail("%s: %s" % (ctx.label, err))
    err, image = image_manifest(
        ctx,
        annotations = ctx.attr.annotations,
        base = base.image,
        clear = ctx.attr.clear,
        config = config,
        created = None if base.image else 0,
        layers = layers,
        platform = platform,
    )
    if err:
        fail("%s: %s" % (ctx.label, err))
    return image_result(ctx, image, _validation = link_check(ctx, image))

binary_image = rule(
    implementation = _oci_binary_image_impl,
    doc = DOC,
    attrs = ATTRS,
    cfg = linux_transition,
    provides = [OciImageInfo],
)
