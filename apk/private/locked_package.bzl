"""locked_package: the target in the repository of one locked package."""

load("//apk/private:lock_fields.bzl", "closure_fields", "expected_of")
load("//apk/private/actions:facts.bzl", "apk_facts")
load("//apk/private/providers:package.bzl", "ApkPackageInfo")
load("//oci/private:layers.bzl", "layer_descriptor")
load("//oci/private:ocibuild.bzl", "OCIBUILD_ATTRS")
load("//oci/private:ocifetch.bzl", "download_spec", "environment_problem", "ocifetch_file")
load("//oci/private/providers:layer.bzl", "OciLayerInfo", "layer_remote")

visibility("public")  # Loaded by the repositories that the module extension makes.

DOC = "One package, checked against its lock. Made by the module extension."

ATTRS = OCIBUILD_ATTRS | {
    "apk": attr.label(
        doc = "The package; none: actions download it.",
        allow_single_file = [".apk"],
    ),
    "entry": attr.string(
        doc = "The lock's entry, JSON.",
        mandatory = True,
    ),
    "hub": attr.string(
        doc = "The name of the lock's hub.",
        mandatory = True,
    ),
    "urls": attr.string_list(
        doc = "Where the package can be had.",
        mandatory = True,
    ),
}

_LAYER_MEDIA_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"

def locked_layer(entry):
    """Describes the layer of a locked package, which is its data section.

    Args:
        entry: dict, a package of the lock

    Returns:
        string, JSON (docs/formats.md, "Layer descriptor")
    """
    offset, size = entry["sections"]["data"]
    return layer_descriptor(
        diff_id = entry["diff_id"],
        digest = entry["layer"],
        media_type = _LAYER_MEDIA_TYPE,
        name = "%s-%s" % (entry["name"], entry["version"]),
        offset = offset,
        size = size,
    )

def _locked_package_impl(ctx):
    entry = json.decode(ctx.attr.entry)
    apk = ctx.file.apk
    download = None
    if not apk:
        err = environment_problem(ctx)
        if err:
            fail("%s: %s" % (ctx.label, err))
        apk = ctx.actions.declare_file("%s-%s.apk" % (entry["name"], entry["version"]))
        download = download_spec(
            name = apk.basename,
            sha256 = entry["sha256"],
            size = entry["size"],
            urls = ctx.attr.urls,
        )
        ocifetch_file(ctx, download = download, output = apk)
    facts = apk_facts(
        ctx,
        apk = None if download else apk,
        download = download,
        expect = expected_of(entry),
    )
    return [
        DefaultInfo(files = depset([apk])),
        ApkPackageInfo(
            arch = entry["arch"],
            build_time = entry.get("build_time", 0),
            download = download,
            layer = OciLayerInfo(
                blob = apk,
                facts = facts.facts,
                inline = locked_layer(entry),
                libraries = (facts.facts,),
                remote = layer_remote(blob_is_download = download != None, urls = ctx.attr.urls),
            ),
            normalise = entry.get("normalise"),
            size = entry["sections"]["data"][1],
            **closure_fields(entry, hub = ctx.attr.hub)
        ),
    ]

locked_package = rule(
    implementation = _locked_package_impl,
    doc = DOC,
    attrs = ATTRS,
    provides = [ApkPackageInfo],
)
