"""oci_layout: an image as a directory, for any other tool."""

load("//oci/private:ocibuild.bzl", "OCIBUILD_ATTRS")
load("//oci/private/actions:layout.bzl", "layout_directory")
load("//oci/private/providers:image.bzl", "OciImageInfo")
load("//oci/private/providers:index.bzl", "OciIndexInfo")

visibility(["//oci/..."])

DOC = """A directory in the OCI image layout, with all bytes of an image or an index.

```starlark
oci_layout(
    name = "layout",
    image = ":image",
)
```
"""

ATTRS = OCIBUILD_ATTRS | {
    "image": attr.label(
        doc = "An image or an index.",
        mandatory = True,
        providers = [[OciImageInfo], [OciIndexInfo]],
    ),
}

def _oci_layout_impl(ctx):
    target = ctx.attr.image
    index = target[OciIndexInfo] if OciIndexInfo in target else None
    directory = layout_directory(
        ctx,
        descriptor = (index or target[OciImageInfo]).descriptor,
        images = index.images if index else [target[OciImageInfo]],
        index = index.index if index else None,
        name = ctx.label.name,
    )
    return [DefaultInfo(files = depset([directory]), runfiles = ctx.runfiles([directory]))]

oci_layout = rule(
    implementation = _oci_layout_impl,
    doc = DOC,
    attrs = ATTRS,
)
