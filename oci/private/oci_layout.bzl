"""oci_layout: an image as a directory, for any other tool."""

load("//oci/private:deployable.bzl", "DEPLOYABLE", "deployable")
load("//oci/private:ocibuild.bzl", "OCIBUILD_ATTRS")
load("//oci/private/actions:layout.bzl", "layout_directory")

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
        providers = DEPLOYABLE,
    ),
}

def _oci_layout_impl(ctx):
    directory = layout_directory(ctx, deployable(ctx.attr.image), name = ctx.label.name)
    return [DefaultInfo(files = depset([directory]), runfiles = ctx.runfiles([directory]))]

oci_layout = rule(
    implementation = _oci_layout_impl,
    doc = DOC,
    attrs = ATTRS,
)
