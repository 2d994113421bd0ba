"""The OciLayout action: the only one that copies layers, and only for those who ask for a layout."""

load("//oci/private:layers.bzl", "add_layer_descriptor", "layer_descriptor_files", "unique_layers")
load("//oci/private:ocibuild.bzl", "ocibuild_args", "ocibuild_run")

visibility(["//apk/...", "//oci/..."])

def layout_directory(ctx, image, *, name = None):
    """Declares an OCI image layout directory.

    Args:
        ctx: context of a rule with OCIBUILD_ATTRS
        image: OciIndexInfo, or struct as deployable returns it
        name: string, name of the directory; the target's and `.layout` if None

    Returns:
        File, a tree artifact
    """
    directory = ctx.actions.declare_directory(name or ctx.label.name + ".layout")
    layers = unique_layers(image.images)

    args = ocibuild_args(ctx)
    args.add_all([directory], format_each = "--layout-out=%s", expand_directories = False)
    args.add(image.descriptor, format = "--image=@%s")
    inputs = [image.descriptor] + layer_descriptor_files(layers)
    if image.index:
        args.add(image.index, format = "--index=%s")
        inputs.append(image.index)
    for one in image.images:
        args.add(one.manifest, format = "--manifest=%s")
        args.add(one.config, format = "--config=%s")
        inputs.extend([one.manifest, one.config])
    for layer in layers:
        add_layer_descriptor(args, layer)
        args.add(layer.blob, format = "--blob=%s")
        inputs.append(layer.blob)
    layouts = depset(transitive = [one.layouts for one in image.images])
    args.add_all(layouts, format_each = "--layout=%s", expand_directories = False)
    ocibuild_run(
        ctx,
        subcommand = "layout",
        args = args,
        inputs = depset(inputs, transitive = [layouts]),
        outputs = [directory],
        mnemonic = "OciLayout",
        progress_message = "Writing the OCI layout of %{label}",
        # A copy of what other actions' outputs and packages hold: to make it again costs less than to send it.
        execution_requirements = {"no-remote-cache": "1"},
    )
    return directory
