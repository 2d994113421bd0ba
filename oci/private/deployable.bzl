"""An image or an index: what rules take that do not care which."""

load("//oci/private/providers:image.bzl", "OciImageInfo")
load("//oci/private/providers:index.bzl", "OciIndexInfo")

visibility(["//oci/..."])

# For an attribute's `providers`.
DEPLOYABLE = [[OciImageInfo], [OciIndexInfo]]

def deployable(target):
    """Unpacks a target that is an image or an index.

    Args:
        target: target with one of the providers in DEPLOYABLE

    Returns:
        struct of descriptor and digest, Files, of what has the digest; images, a tuple of OciImageInfo; and index, the File
        of the image index, or None for a single image
    """
    if OciIndexInfo in target:
        index = target[OciIndexInfo]
        return struct(descriptor = index.descriptor, digest = index.digest, images = index.images, index = index.index)
    return single(target[OciImageInfo])

def single(image):
    """What deployable returns for an image.

    Args:
        image: OciImageInfo

    Returns:
        struct
    """
    return struct(descriptor = image.descriptor, digest = image.digest, images = (image,), index = None)
