"""How OciLayerInfo gets onto ocibuild's command line."""

visibility(["//apk/...", "//oci/..."])

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
