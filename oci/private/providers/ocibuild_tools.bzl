"""OcibuildToolsInfo: the programs that actions run."""

visibility(["//apk/...", "//oci/..."])

OcibuildToolsInfo = provider(
    doc = "The programs that actions run.",
    fields = {
        "ocibuild": "FilesToRunProvider",
        "ocifetch": "FilesToRunProvider, or None where nothing is fetched by actions",
        "requirements": "dict of strings, execution requirements of ocibuild's actions",
    },
)
