"""OciLayerInfo: one layer of an image."""

visibility(["//apk/...", "//oci/..."])

DOC = """One layer: a descriptor, and the file that holds its bytes for those who need bytes.

Exactly one of `inline` and `descriptor` is set. The descriptor's format is in docs/formats.md, "Layer descriptor".
"""

FIELDS = {
    "blob": "File, holds the layer's bytes from the descriptor's `offset` on",
    "descriptor": "File or None, the layer descriptor, one line of JSON",
    "facts": "File or None, lists the layer's entries as facts do (docs/formats.md, \"Facts\"): who tests them needs no bytes",
    "inline": "string or None, the layer descriptor as JSON, where it is known at analysis",
    "libraries": """tuple of Files, or None: lists of shared objects in the layer, each an ELF list or facts (docs/formats.md);
None: nobody knows what is in it""",
    "programs": "tuple of Files, ELF lists of what was built for the layer and has to be linked against what the image has",
    "remote": "struct as layer_remote returns it: where else the bytes can be had; None: nowhere but in blob",
}

def layer_remote(*, urls = (), repositories = (), insecure = False, blob_is_download = False):
    """Says where a layer's bytes can be had besides its blob.

    Args:
        urls: strings, where the same file as the blob can be fetched, in order of preference
        repositories: strings, `registry/repository` that the layer can be pulled from, in order of preference
        insecure: bool, the registries of repositories are spoken to without TLS
        blob_is_download: bool, blob is what an action downloads from there: only actions read it, and what is run, a push
            or a load, downloads for itself what it needs

    Returns:
        struct of the same fields, urls a tuple
    """
    return struct(
        blob_is_download = blob_is_download,
        insecure = insecure,
        repositories = tuple(repositories),
        urls = tuple(urls),
    )

def _init(*, blob, descriptor = None, facts = None, inline = None, libraries = None, programs = (), remote = None):
    if (descriptor == None) == (inline == None):
        fail("OciLayerInfo: got descriptor = %s and inline = %s, want exactly one of them" % (descriptor, inline))
    if blob == None:
        fail("OciLayerInfo: got no blob, want the file that holds the layer's bytes")
    return {
        "blob": blob,
        "descriptor": descriptor,
        "facts": facts,
        "inline": inline,
        "libraries": libraries,
        "programs": programs,
        "remote": remote,
    }

OciLayerInfo, _new_layer_info = provider(
    doc = DOC,
    fields = FIELDS,
    init = _init,
)
