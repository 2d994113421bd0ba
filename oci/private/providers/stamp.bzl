"""OciStampInfo: whether a build is stamped."""

visibility(["//oci/..."])

DOC = "Whether the build has `--stamp`."

FIELDS = {
    "stamped": "bool",
}

OciStampInfo = provider(
    doc = DOC,
    fields = FIELDS,
)
