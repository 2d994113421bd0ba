"""ApkLockInfo: one lock."""

visibility(["//apk/..."])

DOC = "What images need to know of a lock beside its packages."

FIELDS = {
    "archs": "tuple of strings, apk's architectures that it is for",
    "file": "File, the lock itself, or None",
    "hub": "string, the name of its hub repository",
    "repositories": "tuple of strings, lines of an image's etc/apk/repositories",
}

ApkLockInfo = provider(
    doc = DOC,
    fields = FIELDS,
)
