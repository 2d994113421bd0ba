"""The OciLinkCheck action: whether the programs that an image adds have what they are linked against."""

load("//oci/private:ocibuild.bzl", "ocibuild_args", "ocibuild_run")
load("//oci/private:platform.bzl", "platform_of")

visibility(["//apk/...", "//oci/..."])

LINK_CHECK_ATTRS = {
    "libraries": attr.string(
        default = "error",
        doc = """What is done where a program or a library that was built, not taken from a lock, cannot be started in the image:
it is for another machine, or it is linked against what nothing in the image has.

`error`: the build fails. `warning`: it says so. `ignore`: nobody looks. Of a base from a registry or a layout, and of a layer
that is a tar, nobody knows what is in it: with such, only the machine is looked at. What is loaded by name at run time, or
mounted into the container, nobody knows either.
""",
        values = ["error", "ignore", "warning"],
    ),
}

def link_check(ctx, image):
    """Declares the check of an image's programs, if there is anything to check.

    Args:
        ctx: context of a rule with LINK_CHECK_ATTRS and OCIBUILD_ATTRS
        image: OciImageInfo

    Returns:
        depset of Files, for the output group `_validation`
    """
    programs = [file for layer in image.layers for file in layer.programs]
    if ctx.attr.libraries == "ignore" or not programs:
        return depset()
    libraries = [file for layer in image.layers for file in layer.libraries or ()]
    lists = depset(programs + libraries)
    partial = bool(image.layouts) or bool([layer for layer in image.layers if layer.libraries == None])
    locks = image.locks.to_list()
    report = ctx.actions.declare_file(ctx.label.name + ".link_check.txt")

    args = ocibuild_args(ctx)
    args.add("--name=%s" % str(ctx.label).removeprefix("@@"))
    args.add(platform_of(image).name, format = "--platform=%s")
    args.add(image.manifest, format = "--manifest=%s")
    args.add(image.config, format = "--config=%s")
    args.add_all(lists, format_each = "--elf=%s")
    if partial:
        args.add("--partial=true")
    if ctx.attr.libraries == "warning":
        args.add("--warn=true")
    for lock in locks:
        args.add(lock.hub, format = "--hub=%s")
        args.add(lock.file, format = "--lock=%s")
    args.add(report, format = "--report-out=%s")
    ocibuild_run(
        ctx,
        subcommand = "link-check",
        args = args,
        inputs = depset([image.manifest, image.config] + [lock.file for lock in locks], transitive = [lists]),
        outputs = [report],
        mnemonic = "OciLinkCheck",
        progress_message = "Looking for the libraries of %{label}",
    )
    return depset([report])
