"""Layers on ocibuild's command line and in the specs of other programs."""

visibility(["//apk/...", "//oci/..."])

def layer_descriptor(*, media_type, digest, size, diff_id, offset = None, name = None):
    """Writes a layer descriptor that is known at analysis; ocibuild writes all others (docs/formats.md, "Layer descriptor").

    Args:
        media_type: string
        digest: string, `sha256:` and hex, of the bytes as they travel
        size: int, their number
        diff_id: string, `sha256:` and hex, of the uncompressed tar
        offset: int, where in the blob they begin; None: at its beginning
        name: string, what the history of images says of it; None: nothing

    Returns:
        string, JSON
    """
    members = [
        ("mediaType", media_type),
        ("digest", digest),
        ("size", size),
        ("diff_id", diff_id),
        ("offset", offset),
        ("name", name),
    ]
    return "{%s}" % ",".join(["%s:%s" % (json.encode(key), json.encode(value)) for key, value in members if value != None])

def add_layer_descriptor(args, layer):
    """Adds `--layer=` with a layer's descriptor, inline or as a file.

    Args:
        args: Args from ocibuild_args
        layer: OciLayerInfo
    """
    if layer.inline != None:
        args.add(layer.inline, format = "--layer=%s")
    else:
        args.add(layer.descriptor, format = "--layer=@%s")

def add_layer_descriptors(args, layers):
    """Adds `--layer=` for each layer.

    Args:
        args: Args from ocibuild_args
        layers: list of OciLayerInfo, from the lowest up
    """
    for layer in layers:
        add_layer_descriptor(args, layer)

def layer_descriptor_files(layers):
    """The files that add_layer_descriptors refers to.

    Args:
        layers: list of OciLayerInfo

    Returns:
        list of Files
    """
    return [layer.descriptor for layer in layers if layer.descriptor]

def layer_spec(layer, path, *, blob = True, facts = False):
    """Builds what the spec of a program says of a layer (docs/formats.md, "Layers in specs").

    Args:
        layer: OciLayerInfo
        path: function of a File that returns what the program calls it
        blob: bool, whether the program is given the blob
        facts: bool, whether the program is given the layer's facts, if it has any, in place of the blob

    Returns:
        dict
    """
    spec = {"descriptor": json.decode(layer.inline)} if layer.inline != None else {"descriptor_file": path(layer.descriptor)}
    if facts and layer.facts:
        return spec | {"facts": path(layer.facts)}
    if blob:
        spec["blob"] = path(layer.blob)
    if layer.remote and layer.remote.urls:
        spec["urls"] = list(layer.remote.urls)
    return spec

def unique_layers(images):
    """The layers of several images, each once.

    Args:
        images: list of OciImageInfo

    Returns:
        list of OciLayerInfo, in order of first use
    """
    seen = {}
    for image in images:
        for layer in image.layers:
            seen.setdefault(layer.inline or layer.descriptor, layer)
    return seen.values()
