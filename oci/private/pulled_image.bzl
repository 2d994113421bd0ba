"""pulled_image: the target in the repository of a pulled image."""

load("//oci/private:image_result.bzl", "image_result")
load("//oci/private:ocibuild.bzl", "OCIBUILD_ATTRS", "ocibuild_args", "ocibuild_run")
load("//oci/private:platform.bzl", "parse_platform")
load("//oci/private/providers:image.bzl", "OciImageInfo")
load("//oci/private/providers:layer.bzl", "OciLayerInfo", "layer_remote")
load("//tools/private:tools.bzl", "RUN_TOOLS_ATTRS", "run_tool")

visibility("public")  # Loaded by the repositories that the module extension makes.

DOC = "An image of a registry. Made by the module extension."

ATTRS = OCIBUILD_ATTRS | RUN_TOOLS_ATTRS | {
    "config": attr.label(
        doc = "The config.",
        allow_single_file = True,
        mandatory = True,
    ),
    "insecure": attr.bool(
        doc = "Whether registries are spoken to without TLS.",
    ),
    "layers": attr.string_list(
        doc = "Layer descriptors, JSON, from the lowest up.",
    ),
    "manifest": attr.label(
        doc = "The manifest.",
        allow_single_file = True,
        mandatory = True,
    ),
    "mirrors": attr.string_list(
        doc = "`registry/repository`: where else it is; they are asked first.",
    ),
    "platform": attr.string(
        doc = "os/architecture[/variant].",
        mandatory = True,
    ),
    "repository": attr.string(
        doc = "Where it is: registry/repository.",
        mandatory = True,
    ),
}

def _layer(ctx, descriptor):
    """Declares the action that fetches a layer. It runs only if another action reads the layer.

    Returns:
        OciLayerInfo
    """
    layer = json.decode(descriptor)
    blob = ctx.actions.declare_file("%s.layers/%s" % (ctx.label.name, layer["digest"].replace(":", "-")))
    args = ctx.actions.args()
    args.add("fetch")
    places = ctx.attr.mirrors + [ctx.attr.repository]
    args.add_all(places, format_each = "--repository=%s")
    if ctx.attr.insecure:
        args.add_all([place.partition("/")[0] for place in places], format_each = "--insecure=%s", uniquify = True)
    args.add(layer["digest"], format = "--digest=%s")
    args.add("--size=%d" % layer["size"])
    args.add(blob, format = "--output=%s")
    ctx.actions.run(
        executable = run_tool(ctx, "ocideploy"),
        arguments = [args],
        outputs = [blob],
        mnemonic = "OciPull",
        progress_message = "Fetching a layer of %s" % ctx.attr.repository,
        # Where credentials are, --action_env may say.
        use_default_shell_env = True,
        # Its digest pins it: a cache may have it, but other machines need not reach the registry.
        execution_requirements = {
            "no-remote-exec": "1",
            "requires-network": "1",
            "supports-path-mapping": "1",
        },
        toolchain = None,
    )
    return OciLayerInfo(
        blob = blob,
        inline = descriptor,
        remote = layer_remote(blob_is_download = True, insecure = ctx.attr.insecure, repositories = places),
    )

def _pulled_image_impl(ctx):
    platform = parse_platform(ctx.attr.platform.removeprefix("linux/"))
    descriptor = ctx.actions.declare_file(ctx.label.name + ".descriptor.json")
    digest = ctx.actions.declare_file(ctx.label.name + ".digest")
    args = ocibuild_args(ctx)
    args.add(ctx.file.manifest, format = "--manifest=%s")
    args.add(ctx.file.config, format = "--config=%s")
    args.add(descriptor, format = "--image-out=%s")
    args.add(digest, format = "--digest-out=%s")
    ocibuild_run(
        ctx,
        subcommand = "image-descriptor",
        args = args,
        inputs = [ctx.file.manifest, ctx.file.config],
        outputs = [descriptor, digest],
        mnemonic = "OciDescribeImage",
        progress_message = "Describing %{label}",
    )
    return image_result(ctx, OciImageInfo(
        architecture = platform.architecture,
        config = ctx.file.config,
        descriptor = descriptor,
        digest = digest,
        layers = tuple([_layer(ctx, layer) for layer in ctx.attr.layers]),
        layouts = depset(),
        locks = depset(),
        manifest = ctx.file.manifest,
        os = platform.os,
        variant = platform.variant,
    ))

pulled_image = rule(
    implementation = _pulled_image_impl,
    doc = DOC,
    attrs = ATTRS,
    provides = [OciImageInfo],
)
