"""The OciManifest action: layer descriptors and a config become an image."""

load("//oci/private:image_config.bzl", "config_members")
load("//oci/private:layers.bzl", "add_layer_descriptors", "layer_descriptor_files")
load("//oci/private:ocibuild.bzl", "ocibuild_args", "ocibuild_run")
load("//oci/private:stamp.bzl", "parse_created", "stamp_files")
load("//oci/private/providers:image.bzl", "OciImageInfo")

visibility(["//apk/...", "//oci/..."])

def image_manifest(ctx, *, platform, layers, config, annotations, created = None, base = None, clear = [], fragments = [], locks = depset()):
    """Declares manifest, config and image descriptor of a target, named after it.

    The action reads descriptors only, never the bytes of a layer.

    Args:
        ctx: context of a rule with CREATED_ATTRS, STAMP_ATTRS and OCIBUILD_ATTRS
        platform: struct as oci_platform returns it
        layers: list of OciLayerInfo to put on top of the base's, from the lowest up
        config: dict, the `config` object of the OCI image config
        annotations: dict, annotations of the manifest
        created: int, Unix seconds, where the attribute does not say; None: the base's
        base: OciImageInfo or None
        clear: list of strings, attributes of the image whose values in the base's config are not taken over
        locks: depset of structs, as OciImageInfo has them, besides the base's
        fragments: list of Files, more of the `config` object, known only when it is built

    Returns:
        (err, image): OciImageInfo
    """
    err, made = parse_created(ctx.attr.created)
    if err:
        return err, None
    err, cleared = config_members(clear)
    if err:
        return err, None
    if cleared and not base:
        return "clear is %s, but there is no base whose config could be cleared" % clear, None
    if made.seconds != None:
        created = made.seconds
    name = ctx.label.name
    manifest = ctx.actions.declare_file(name + ".manifest.json")
    config_out = ctx.actions.declare_file(name + ".config.json")
    descriptor = ctx.actions.declare_file(name + ".descriptor.json")
    digest = ctx.actions.declare_file(name + ".digest")

    args = ocibuild_args(ctx)
    args.add(platform.name, format = "--platform=%s")
    inputs = layer_descriptor_files(layers)
    if base:
        args.add(base.manifest, format = "--base-manifest=%s")
        args.add(base.config, format = "--base-config=%s")
        inputs = inputs + [base.manifest, base.config]
    args.add_all(cleared, format_each = "--clear=%s")
    add_layer_descriptors(args, layers)
    args.add(json.encode(config), format = "--config-fragment=%s")
    args.add_all(fragments, format_each = "--config-fragment=@%s")
    inputs = inputs + fragments
    if annotations:
        args.add(json.encode(annotations), format = "--annotations=%s")
    if created != None:
        args.add("--created=%d" % created)
    if made.key:
        args.add(made.key, format = "--created-stamp=%s")
    stamps = stamp_files(ctx, [made.key] + config.get("Labels", {}).values() + annotations.values())
    args.add_all(stamps, format_each = "--stamp-file=%s")
    inputs = inputs + stamps
    args.add(manifest, format = "--manifest-out=%s")
    args.add(config_out, format = "--config-out=%s")
    args.add(descriptor, format = "--image-out=%s")
    args.add(digest, format = "--digest-out=%s")
    ocibuild_run(
        ctx,
        subcommand = "manifest",
        args = args,
        inputs = inputs,
        outputs = [manifest, config_out, descriptor, digest],
        mnemonic = "OciManifest",
        progress_message = "Writing the manifest of %{label}",
    )
    return None, OciImageInfo(
        architecture = platform.architecture,
        config = config_out,
        descriptor = descriptor,
        digest = digest,
        layers = (base.layers if base else ()) + tuple(layers),
        layouts = base.layouts if base else depset(),
        locks = depset(transitive = [locks] + ([base.locks] if base else [])),
        manifest = manifest,
        os = platform.os,
        variant = platform.variant,
    )
