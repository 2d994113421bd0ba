"""missing_image: stands for an image that a pulled one does not have."""

load("//oci/private/providers:image.bzl", "OciImageInfo")

visibility("public")  # Loaded by the repositories that the module extension makes.

DOC = "Fails when it is built. Made by the module extension, so that queries need not fail."

ATTRS = {
    "error": attr.string(
        doc = "What to say.",
        mandatory = True,
    ),
}

def _missing_image_impl(ctx):
    fail(ctx.attr.error)

missing_image = rule(
    implementation = _missing_image_impl,
    doc = DOC,
    attrs = ATTRS,
    provides = [OciImageInfo],
)
