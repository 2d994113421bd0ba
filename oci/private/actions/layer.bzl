"""The OciLayer action: files become a layer."""

load("//oci/private:entries.bzl", "add_entries")
load("//oci/private:ocibuild.bzl", "ocibuild_args", "ocibuild_run")
load("//oci/private/providers:layer.bzl", "OciLayerInfo")

visibility(["//oci/..."])

COMPRESSION_ATTRS = {
    "compression": attr.string(
        default = "gzip",
        doc = "How the layer is compressed.",
        values = ["gzip", "zstd"],
    ),
    "mtime": attr.int(
        doc = "Modification time of everything in the layer, in Unix seconds.",
    ),
}

_EXTENSIONS = {"gzip": "tar.gz", "zstd": "tar.zst"}

def write_layer(ctx, *, entries, compression, mtime, title, suffix = ""):
    """Declares a layer and its descriptor.

    Args:
        ctx: context of a rule with OCIBUILD_ATTRS
        entries: list as archive_entries returns it, with Files
        compression: string, gzip or zstd
        mtime: int, Unix seconds
        title: string, what the image's history calls it; not a label, for digests do not depend on these
        suffix: string, tells layers of one target apart

    Returns:
        OciLayerInfo
    """
    name = ctx.label.name + suffix
    blob = ctx.actions.declare_file("%s.%s" % (name, _EXTENSIONS[compression]))
    descriptor = ctx.actions.declare_file(name + ".layer.json")
    elf = ctx.actions.declare_file(name + ".elf.json")
    args = ocibuild_args(ctx)
    args.add(title, format = "--name=%s")
    args.add(compression, format = "--compression=%s")
    args.add("--mtime=%d" % mtime)
    inputs = add_entries(args, entries)
    args.add(blob, format = "--blob-out=%s")
    args.add(descriptor, format = "--layer-out=%s")
    args.add(elf, format = "--elf-out=%s")
    ocibuild_run(
        ctx,
        subcommand = "layer",
        args = args,
        inputs = inputs,
        outputs = [blob, descriptor, elf],
        mnemonic = "OciLayer",
        progress_message = "Packing %{output}",
    )
    return OciLayerInfo(blob = blob, descriptor = descriptor, libraries = (), programs = (elf,))
