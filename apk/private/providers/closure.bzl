"""ApkClosureInfo: a package as an image names it, and the packages that it may bring along."""

visibility(["//apk/..."])

DOC = "A package that an image can name, with all that may have to come along."

FIELDS = {
    "available": "depset of ApkPackageInfo, what its dependencies and the install_if of others are looked up in",
    "locks": "depset of ApkLockInfo, the locks of those packages",
    "name": "string, the package's name, or None for what only groups others",
    "package": "ApkPackageInfo, or None where its lock has no such package for the target platform",
}

ApkClosureInfo = provider(
    doc = DOC,
    fields = FIELDS,
)
