"""What every rule that makes an image returns."""

load("//oci/private:deployable.bzl", "single")
load("//oci/private/actions:layout.bzl", "layout_directory")

visibility(["//apk/...", "//oci/..."])

def image_result(ctx, image, **output_groups):
    """Wraps an image into the providers of its target.

    Args:
        ctx: context of a rule with OCIBUILD_ATTRS
        image: OciImageInfo
        **output_groups: depsets of Files, more output groups

    Returns:
        list of providers: manifest, config and descriptor by default, the digest alone and an OCI layout as output
        groups.
    """
    layout = layout_directory(ctx, single(image))
    return [
        DefaultInfo(files = depset([image.manifest, image.config, image.descriptor])),
        OutputGroupInfo(
            digest = depset([image.digest]),
            oci_layout = depset([layout]),
            **output_groups
        ),
        image,
    ]
