"""OciImageInfo: one image for one platform."""

visibility(["//apk/...", "//oci/..."])

DOC = "An image for one platform: a manifest, a config and layers that have not been put together."

FIELDS = {
    "architecture": "string, OCI architecture: amd64, arm64, …",
    "config": "File, the image config JSON",
    "descriptor": "File, the image descriptor (docs/formats.md): media type, digest, size and platform of the manifest",
    "digest": "File, the digest alone: sha256:… and a line end",
    "layers": "tuple of OciLayerInfo, from the lowest up",
    "layouts": "depset of Files, OCI layout directories that hold layers which `layers` does not name (a foreign base's)",
    "locks": "depset of structs of hub, a string such as `@alpine`, and file, a File: what could be added to it (docs/formats.md, \"apk.lock.json\")",
    "manifest": "File, the image manifest JSON",
    "os": "string, OCI operating system: linux",
    "variant": "string, OCI variant of the architecture (v7, v8, …) or empty",
}

OciImageInfo = provider(
    doc = DOC,
    fields = FIELDS,
)
