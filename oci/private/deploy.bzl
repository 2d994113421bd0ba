"""What `bazel run` of a push or a load runs: ocideploy, with a deploy spec beside it (docs/formats.md)."""

load("//oci/private:deployable.bzl", "DEPLOYABLE", "deployable")
load("//oci/private:layers.bzl", "layer_spec", "unique_layers")
load("//tools/private:tools.bzl", "RUN_TOOLS_ATTRS", "tool_executable")

visibility(["//oci/..."])

DESTINATION_ATTRS = {
    "image": attr.label(
        doc = "An image or an index.",
        mandatory = True,
        providers = DEPLOYABLE,
    ),
    "insecure_registries": attr.string_list(
        doc = "Registries, `host` or `host:port`, to speak to without TLS, as to those on a loopback address.",
    ),
    "repository": attr.string(
        doc = "Where it goes, without a tag; `{KEY}` stands for a value of `--workspace_status_command`.",
    ),
    "tag_files": attr.label_list(
        allow_files = True,
        doc = "Files with one more tag per line.",
    ),
}

OCIDEPLOY_ATTRS = RUN_TOOLS_ATTRS

def destination(*, target, repository, tags, tag_files, insecure_registries, mount_from = ()):
    """Pairs an image with where it goes, as OciDeployInfo has it.

    Args:
        target: target of an image or an index
        repository: string
        tags: list of strings
        tag_files: list of Files
        insecure_registries: list of strings
        mount_from: list of strings

    Returns:
        struct
    """
    return struct(
        image = deployable(target),
        insecure_registries = tuple(insecure_registries),
        mount_from = tuple(mount_from),
        repository = repository,
        tag_files = tuple(tag_files),
        tags = tuple(tags),
    )

def _namer(directory):
    """Gives files names of their own: those of two platforms have the same path in runfiles.

    Args:
        directory: string, path below the main repository's runfiles

    Returns:
        struct of name, a function of a File that returns its runfiles path without the repository, and links, the dict
        of those paths to Files.
    """
    links = {}
    names = {}

    def name(file):
        if file not in names:
            names[file] = "%s/%d/%s" % (directory, len(names), file.basename)
            links[names[file]] = file
        return names[file]

    return struct(links = links, name = name)

def _is_stamped(destinations):
    return any([
        "{" in text
        for to in destinations
        for text in to.tags + (to.repository,)
    ])

def _repositories(layer):
    """Where a run pulls a layer from."""
    return layer.remote.repositories if layer.remote else ()

def _insecure_registries(destinations, layers):
    registries = [registry for to in destinations for registry in to.insecure_registries]
    for layer in layers:
        if layer.remote and layer.remote.insecure:
            registries.extend([repository.partition("/")[0] for repository in layer.remote.repositories])
    return {registry: True for registry in registries}.keys()

def _layers(layers, path):
    return [
        # A run does not wait for actions to download what it may not need.
        layer_spec(layer, path, blob = not (layer.remote and layer.remote.blob_is_download))
        for layer in layers
        if not _repositories(layer)
    ]

def _destination(to, path):
    spec = {
        "descriptor": path(to.image.descriptor),
        "manifests": [
            {"config": path(image.config), "manifest": path(image.manifest)}
            for image in to.image.images
        ],
        "mount_from": list(to.mount_from),
        "repository": to.repository,
        "tag_files": [path(file) for file in to.tag_files],
        "tags": list(to.tags),
    }
    if to.image.index:
        spec["index"] = path(to.image.index)
    return spec

def deploy_executable(ctx, *, command, destinations):
    """Declares ocideploy under the target's name and the deploy spec beside it.

    Args:
        ctx: context of an executable rule with OCIDEPLOY_ATTRS
        command: string, push or load
        destinations: list of structs as destination returns them

    Returns:
        DefaultInfo
    """
    namer = _namer("%s.deploy" % "/".join([part for part in (ctx.label.package, ctx.label.name) if part]))

    def path(file):
        return "%s/%s" % (ctx.workspace_name, namer.name(file))

    images = [image for to in destinations for image in to.image.images]
    layers = unique_layers(images)
    spec = {
        "command": command,
        "images": [_destination(to, path) for to in destinations],
        "insecure_registries": _insecure_registries(destinations, layers),
        "layers": _layers(layers, path),
        "layouts": [path(layout) for layout in depset(transitive = [image.layouts for image in images]).to_list()],
        "pull_from": {repository: True for layer in layers for repository in _repositories(layer)}.keys(),
        "stamp_files": [path(ctx.info_file), path(ctx.version_file)] if _is_stamped(destinations) else [],
        "version": 1,
    }
    spec_file = ctx.actions.declare_file(ctx.label.name + ".deploy.json")
    ctx.actions.write(spec_file, json.encode_indent(spec, indent = "  ") + "\n")
    program = tool_executable(ctx, "ocideploy", runfiles = ctx.runfiles(files = [spec_file], symlinks = namer.links))
    return DefaultInfo(
        executable = program.executable,
        files = depset([program.executable, spec_file]),
        runfiles = program.runfiles,
    )
