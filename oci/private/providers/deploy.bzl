"""OciDeployInfo: images and where they go."""

visibility(["//oci/..."])

DOC = "What a run of ocideploy is to deliver, before it is written down as a deploy spec (docs/formats.md)."

FIELDS = {
    "destinations": """tuple of structs of
image: struct as deployable returns it;
repository: string;
tags: tuple of strings;
tag_files: tuple of Files;
mount_from: tuple of strings""",
}

OciDeployInfo = provider(
    doc = DOC,
    fields = FIELDS,
)
