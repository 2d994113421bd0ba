"""oci_image: layers and a config on top of a base."""

load("//oci/private:base.bzl", "BASE_ATTRS", "base_image")
load("//oci/private:image_config.bzl", "IMAGE_CONFIG_ATTRS", "image_config")
load("//oci/private:image_result.bzl", "image_result")
load("//oci/private:linux_transition.bzl", "linux_transition")
load("//oci/private:ocibuild.bzl", "OCIBUILD_ATTRS")
load("//oci/private:platform.bzl", "OCI_PLATFORM_ATTRS")
load("//oci/private:stamp.bzl", "CREATED_ATTRS", "STAMP_ATTRS")
load("//oci/private/actions:link_check.bzl", "LINK_CHECK_ATTRS", "link_check")
load("//oci/private/actions:manifest.bzl", "image_manifest")
load("//oci/private/providers:image.bzl", "OciImageInfo")
load("//oci/private/providers:layer.bzl", "OciLayerInfo")

visibility(["//oci/..."])

DOC = """An image out of layers, on top of another image or of nothing.

By default it builds manifest, config and image descriptor; the output group `oci_layout` is a directory with everything,
in the OCI image layout.

```starlark
oci_image(
    name = "image",
    base = "//images:static",
    layers = [":server_layer"],
    entrypoint = ["/server"],
    env = {"PATH": "/opt/bin:$PATH"},
)
```
"""

ATTRS = BASE_ATTRS | CREATED_ATTRS | IMAGE_CONFIG_ATTRS | LINK_CHECK_ATTRS | OCI_PLATFORM_ATTRS | STAMP_ATTRS | OCIBUILD_ATTRS | {
    "layers": attr.label_list(
        doc = "Layers to put on top, from the lowest up.",
        providers = [OciLayerInfo],
    ),
}

def _oci_image_impl(ctx):
    err, config = image_config(ctx.attr)
    if err:
        fail("%s: %s" % (ctx.label, err))
    err, base = base_image(ctx)
    if err:
        fail("%s: %s" % (ctx.label, err))
    err, image = image_manifest(
        ctx,
        platform = base.platform,
        layers = [layer[OciLayerInfo] for layer in ctx.attr.layers],
        config = config,
        annotations = ctx.attr.annotations,
        created = None if base.image else 0,
        base = base.image,
        clear = ctx.attr.clear,
    )
    if err:
        fail("%s: %s" % (ctx.label, err))
    return image_result(ctx, image, _validation = link_check(ctx, image))

oci_image = rule(
    implementation = _oci_image_impl,
    doc = DOC,
    attrs = ATTRS,
    cfg = linux_transition,
    provides = [OciImageInfo],
)
