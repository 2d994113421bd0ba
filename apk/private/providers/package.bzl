"""ApkPackageInfo: one package."""

visibility(["//apk/..."])

DOC = "One APK package for one architecture, locked or built in a workspace."

FIELDS = {
    "apk": "File, the package",
    "arch": "string, apk's architecture, or noarch",
    "build_time": "int, Unix seconds",
    "conflicts": "tuple of strings, raw constraints that the lock says exclude others, without the `!`",
    "depends": "tuple of strings, names of locked packages that meet its dependencies",
    "download": "string as download_spec returns it, or None; with it, apk is the output of a download",
    "facts": "File, what images need to know of it (docs/formats.md, \"Facts\")",
    "id": "string, the same only for the same package",
    "install_if": "tuple of strings, raw constraints: it joins an image that meets all of them",
    "layer": "OciLayerInfo of its data section",
    "name": "string",
    "normalise": "string, why its bytes cannot be a layer as they are, or None",
    "order": "int, position in the install order of its lock; -1 for one that is not locked",
    "origin": "string, where it comes from, for messages: a lock's hub such as `@wolfi`, or a label",
    "provides": "tuple of strings, raw",
    "requires": "tuple of strings, raw constraints that no lock has resolved",
    "size": "int, bytes of its layer, or None where that is not known at analysis",
    "version": "string",
}

ApkPackageInfo = provider(
    doc = DOC,
    fields = FIELDS,
)
