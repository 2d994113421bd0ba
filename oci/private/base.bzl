"""The image that another is put upon: an image, an index, or a directory in the OCI image layout."""

load("//oci/private:ocibuild.bzl", "ocibuild_args", "ocibuild_run")
load("//oci/private:platform.bzl", "oci_platform", "platform_mismatch", "platform_of")
load("//oci/private/providers:image.bzl", "OciImageInfo")
load("//oci/private/providers:index.bzl", "OciIndexInfo")

visibility(["//oci/..."])

# For rules that call base_image; they have OCI_PLATFORM_ATTRS, too.
BASE_ATTRS = {
    "base": attr.label(
        allow_files = True,
        doc = """The image below. None: nothing.

An `apk_image`, an `oci_image`, an image from `oci.pull`, an index of such images, or a directory in the OCI image layout: a
folder of another repository, or one that a rule makes. Of an index and of a layout, the image for the target platform is
taken. A layout's layers stay where they are until a push, a load or a layout needs their bytes. (Of a folder in this very
workspace, Bazel notices changes only with `--host_jvm_args=-DBAZEL_TRACK_SOURCE_DIRECTORIES=1`.)
""",
    ),
    "clear": attr.string_list(
        doc = """What of the base's config is not taken over: names of attributes, such as `entrypoint`, `cmd`, `user`, `volumes`.

`entrypoint = […]` with `clear = ["cmd"]` need not be said: an entrypoint drops the base's command.
""",
    ),
}

def _of_index(index, platform):
    """Finds the image for a platform.

    Returns:
        (err, image): OciImageInfo
    """
    for image in index.images:
        if not platform_mismatch(image, platform):
            return None, image
    return "has no image for %s, only for %s" % (
        platform.name,
        ", ".join([platform_of(image).name for image in index.images]),
    ), None

def _of_layout(ctx, directory, platform):
    """Declares the action that takes an image's documents out of a layout.

    Returns:
        OciImageInfo without descriptor and digest: the image is there only to be built upon.
    """
    manifest = ctx.actions.declare_file(ctx.label.name + ".base.manifest.json")
    config = ctx.actions.declare_file(ctx.label.name + ".base.config.json")
    args = ocibuild_args(ctx)
    args.add_all([directory], expand_directories = False, format_each = "--layout=%s")
    args.add(platform.name, format = "--platform=%s")
    args.add(manifest, format = "--manifest-out=%s")
    args.add(config, format = "--config-out=%s")
    ocibuild_run(
        ctx,
        subcommand = "select",
        args = args,
        inputs = [directory],
        outputs = [manifest, config],
        mnemonic = "OciSelect",
        progress_message = "Finding the base of %{label}",
    )
    return OciImageInfo(
        architecture = platform.architecture,
        config = config,
        descriptor = None,
        digest = None,
        layers = (),
        layouts = depset([directory]),
        locks = depset(),
        manifest = manifest,
        os = platform.os,
        variant = platform.variant,
    )

def base_image(ctx):
    """Works out what the attribute `base` stands for, and the platform of what is put upon it.

    Args:
        ctx: context of a rule with BASE_ATTRS, OCI_PLATFORM_ATTRS and OCIBUILD_ATTRS

    Returns:
        (err, value): struct of image, an OciImageInfo or None, and platform, a struct as oci_platform returns it.
    """
    base = ctx.attr.base
    err, platform = oci_platform(ctx)
    if err:
        return err, None
    if base and OciImageInfo in base:
        return None, struct(image = base[OciImageInfo], platform = platform_of(base[OciImageInfo]))
    if not base:
        return None, struct(image = None, platform = platform)
    if OciIndexInfo in base:
        err, image = _of_index(base[OciIndexInfo], platform)
        if err:
            return "base %s %s" % (base.label, err), None
        return None, struct(image = image, platform = platform)
    if len(ctx.files.base) != 1:
        return "base %s is no image and has %d files, want one directory in the OCI image layout: the folder, not its files" % (
            base.label,
            len(ctx.files.base),
        ), None
    return None, struct(image = _of_layout(ctx, ctx.files.base[0], platform), platform = platform)
