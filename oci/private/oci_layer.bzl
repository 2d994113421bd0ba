"""oci_layer: files become a layer."""

load("//oci/private:entries.bzl", "ENTRY_ATTRS", "attr_entries")
load("//oci/private:linux_transition.bzl", "linux_transition")
load("//oci/private:ocibuild.bzl", "OCIBUILD_ATTRS", "ocibuild_args", "ocibuild_run")
load("//oci/private:platform.bzl", "OCI_PLATFORM_ATTRS", "oci_platform")
load("//oci/private:runfiles.bzl", "RUNFILES_ATTRS", "program_entries")
load("//oci/private/actions:layer.bzl", "COMPRESSION_ATTRS", "write_layer")
load("//oci/private/providers:layer.bzl", "OciLayerInfo")

visibility(["//oci/..."])

DOC = """A layer of files, the same whenever and wherever it is built, or a tar that exists, as it is.

```starlark
oci_layer(
    name = "app",
    programs = {":server": "/app/server"},
    files = {"config.yaml": "/etc/server/config.yaml"},
    directories = ["/var/lib/server"],
    owners = {"/var/lib/server": "65532:65532"},
    symlinks = {"/server": "app/server"},
)
```
"""

ATTRS = COMPRESSION_ATTRS | ENTRY_ATTRS | OCI_PLATFORM_ATTRS | OCIBUILD_ATTRS | RUNFILES_ATTRS | {
    "programs": attr.label_keyed_string_dict(
        doc = "Executable targets, and the absolute path of each. Its runfiles are beside it, in PATH.runfiles.",
        cfg = "target",
    ),
    "tar": attr.label(
        doc = """A tar, as it is or compressed with gzip or zstd, to take as it is, instead of files.

It is read once: what is no tar, is cut short, or cannot be unpacked is an error.
""",
        allow_single_file = True,
    ),
}

# What the image's history calls it: digests do not depend on labels.
_TITLE = "layer"

def _existing(ctx):
    """Declares the descriptor of a tar that exists.

    Returns:
        OciLayerInfo
    """
    descriptor = ctx.actions.declare_file(ctx.label.name + ".layer.json")
    args = ocibuild_args(ctx)
    args.add(_TITLE, format = "--name=%s")
    args.add(ctx.file.tar, format = "--blob=%s")
    args.add(descriptor, format = "--layer-out=%s")
    ocibuild_run(
        ctx,
        subcommand = "describe",
        args = args,
        inputs = [ctx.file.tar],
        outputs = [descriptor],
        mnemonic = "OciDescribeLayer",
        progress_message = "Describing %{input}",
    )
    return OciLayerInfo(blob = ctx.file.tar, descriptor = descriptor)

def _oci_layer_impl(ctx):
    err, _ = oci_platform(ctx)
    if err:
        fail("%s: %s" % (ctx.label, err))
    made = ctx.attr.files or ctx.attr.programs or ctx.attr.directories or ctx.attr.symlinks
    if bool(made) == bool(ctx.file.tar):
        fail("%s: want either a tar or files, programs, directories and symlinks" % ctx.label)
    if ctx.file.tar:
        layer = _existing(ctx)
    else:
        err, entries = attr_entries(ctx.attr)
        if err:
            fail("%s: %s" % (ctx.label, err))
        for program, path in ctx.attr.programs.items():
            err, program = program_entries(ctx, program, path)
            if err:
                fail("%s: %s" % (ctx.label, err))
            entries = entries + program
        layer = write_layer(
            ctx,
            compression = ctx.attr.compression,
            entries = entries,
            mtime = ctx.attr.mtime,
            title = _TITLE,
        )
    return [
        DefaultInfo(files = depset([layer.blob, layer.descriptor])),
        layer,
    ]

oci_layer = rule(
    implementation = _oci_layer_impl,
    doc = DOC,
    attrs = ATTRS,
    cfg = linux_transition,
    provides = [OciLayerInfo],
)
