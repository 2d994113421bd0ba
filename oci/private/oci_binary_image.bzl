"""oci_binary_image: an image, or one for each of several platforms."""

load("//oci/private:binary_image.bzl", "binary_image")
load("//oci/private:oci_index.bzl", "oci_index")

visibility(["//oci/..."])

def oci_binary_image(name, *, platforms = None, **kwargs):
    """An image that runs a program, on top of a base.

    What other repositories bring (interpreters, third-party code) is a layer below that of this workspace's own code, so
    that a change of the latter leaves the former as it is. Without runfiles, as with `go_binary`, there is one layer.

    What the program's own target says of how it is run, its `env` and `args`, is in the image's config, where the image does
    not say otherwise.

    ```starlark
    oci_binary_image(
        name = "image",
        base = "//images:static",
        binary = ":server",
        platforms = [
            "@rules_go//go/toolchain:linux_amd64",
            "@rules_go//go/toolchain:linux_arm64",
        ],
    )
    ```

    Args:
        name: name of the target: an image, or with platforms an index
        platforms: labels of platforms to build an image for, each; NAME_image is then the image for the target platform
        **kwargs: attributes of the image: binary, path, compression, mtime, those of `oci_image` but layers, and those that
            every rule has
    """
    if platforms == None:
        binary_image(name = name, **kwargs)
        return
    binary_image(name = name + "_image", **(kwargs | {"tags": (kwargs.get("tags") or []) + ["manual"]}))
    oci_index(
        name = name,
        images = [name + "_image"],
        platforms = platforms,
        tags = kwargs.get("tags"),
        testonly = kwargs.get("testonly"),
        visibility = kwargs.get("visibility"),
    )
