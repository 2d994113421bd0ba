"""OciLayerInfo: one layer of an image."""

visibility(["//apk/...", "//oci/..."])

DOC = """One layer, as a descriptor and, for those who need bytes, the file that holds them.

Exactly one of `inline` and `descriptor` is set. The descriptor's format is in docs/formats.md, "Layer descriptor".
"""

FIELDS = {
    "blob": "File, holds the layer's bytes from the descriptor's `offset` on; None: in a base image's layout",
    "deferred": "bool, blob is the output of a download: who can read `urls` by itself should not ask for it",
    "descriptor": "File or None, the layer descriptor, one line of JSON",
    "facts": "File or None, lists the layer's entries as facts do (docs/formats.md, \"Facts\"): who tests them needs no bytes",
    "inline": "string or None, the layer descriptor as JSON, where it is known at analysis",
    "repository": """string, `registry/repository` that the layer can be pulled from, or empty. Where it is given, `blob` is made by
pulling it: only actions read that file, and what is run pulls for itself what it needs""",
    "urls": "tuple of strings, where the same blob file can be fetched, in order of preference; may be empty",
}

def _init(blob, deferred = False, descriptor = None, facts = None, inline = None, repository = "", urls = ()):
    if (descriptor == None) == (inline == None):
        fail("OciLayerInfo: got descriptor = %s and inline = %s, want exactly one of them" % (descriptor, inline))
    return {
        "blob": blob,
        "deferred": deferred,
        "descriptor": descriptor,
        "facts": facts,
        "inline": inline,
        "repository": repository,
        "urls": tuple(urls),
    }

OciLayerInfo, _new_layer_info = provider(
    doc = DOC,
    fields = FIELDS,
    init = _init,
)
