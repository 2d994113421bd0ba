"""ApkPackageInfo: one package."""

visibility(["//apk/..."])

DOC = """One APK package for one architecture, locked or built in a workspace.

A requirement is a tuple of a raw constraint, string, and of the names of packages that meet it, a tuple: all those of the
package's lock in apk's order of preference, or None where no lock says who does.
"""

FIELDS = {
    "arch": "string, apk's architecture, or noarch",
    "build_time": "int, Unix seconds",
    "depends": "tuple of requirements; one that starts with `!` excludes",
    "download": "string as download_spec returns it, or None; with it, the layer's blob is the output of a download",
    "id": "string, the same only for the same package",
    "install_if": "tuple of requirements: it joins an image that meets all of them",
    "layer": "OciLayerInfo of its data section; blob is the package, facts is what images need to know of it",
    "locked": "bool, whether it is of a lock, or built in a workspace",
    "name": "string",
    "normalise": "string, why its bytes cannot be a layer as they are, or None",
    "origin": "string, where it comes from, for messages: a lock's hub such as `@wolfi`, or a label",
    "provider_priority": "int: of several packages that provide a name without a version, the one with the highest is taken",
    "provides": "tuple of strings, raw",
    "repository": "int, which of its lock's repositories it is from; -1 for one that is not locked",
    "size": "int, bytes of its layer, or None where that is not known at analysis",
    "version": "string",
}

ApkPackageInfo = provider(
    doc = DOC,
    fields = FIELDS,
)
