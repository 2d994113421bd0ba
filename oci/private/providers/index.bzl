"""OciIndexInfo: several images under one digest."""

visibility(["//apk/...", "//oci/..."])

DOC = "An image index: one digest for images of several platforms."

FIELDS = {
    "descriptor": "File, the image descriptor (docs/formats.md) of the index",
    "digest": "File, the digest alone: sha256:… and a line end",
    "images": "tuple of OciImageInfo, in the order of the index",
    "index": "File, the image index JSON",
}

OciIndexInfo = provider(
    doc = DOC,
    fields = FIELDS,
)
