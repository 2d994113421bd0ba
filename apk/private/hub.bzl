"""hub: the repository that users name, with one Bazel package for each locked package."""

load("//apk/private:archs.bzl", "ARCHS")
load("//apk/private:hub_commands.bzl", "command_args", "hub_commands")
load("//apk/private:names.bzl", "files_repository_name", "repository_name")

visibility(["//apk/..."])

DOC = "Names the packages of a lock. It holds no versions: updating a package leaves it as it is."

ATTRS = {
    "archs": attr.string_list(
        doc = "apk's architectures that the lock is for.",
        mandatory = True,
    ),
    "config": attr.string(
        doc = "Path of apk.yaml in the workspace.",
        mandatory = True,
    ),
    "graph": attr.string(
        doc = "What hub_graph returns, JSON.",
        mandatory = True,
    ),
    "hub": attr.string(
        doc = "Its name in the root module.",
        mandatory = True,
    ),
    "lock": attr.string(
        doc = "Path of the lock in the workspace.",
        mandatory = True,
    ),
    "repositories": attr.string_list(
        doc = "Lines of an image's etc/apk/repositories.",
        mandatory = True,
    ),
    "_command_template": attr.label(
        default = "//apk/private:templates/hub_command.BUILD.tpl",
    ),
    "_cycle_template": attr.label(
        default = "//apk/private:templates/hub_cycle.BUILD.tpl",
    ),
    "_hub_template": attr.label(
        default = "//apk/private:templates/hub.BUILD.tpl",
    ),
    "_package_template": attr.label(
        default = "//apk/private:templates/hub_package.BUILD.tpl",
    ),
}

_DEFAULT = "//conditions:default"

def _package_build(template, *, hub, name, target, positions, deps):
    """Writes a hub_package.

    Args:
        template: string
        hub: string, the hub's name
        name: string, the package's name
        target: string, the target's name
        positions: dict of arch to position in its install order
        deps: list of labels

    Returns:
        string, a BUILD file
    """
    order = {ARCHS[arch]: position for arch, position in positions.items()}
    package = {ARCHS[arch]: "@%s//:package" % repository_name(hub, arch, name) for arch in positions}
    order[_DEFAULT] = 0
    package[_DEFAULT] = None
    return (
        template
            .replace("{name}", target)
            .replace("{order}", repr(order))
            .replace("{package}", repr(package))
            .replace("{deps}", repr(deps))
    )

def _hub_impl(repository_ctx):
    attr = repository_ctx.attr
    graph = json.decode(attr.graph)
    command_template = repository_ctx.read(attr._command_template)
    cycle_template = repository_ctx.read(attr._cycle_template)
    package_template = repository_ctx.read(attr._package_template)

    repository_ctx.template(
        "BUILD.bazel",
        attr._hub_template,
        executable = False,
        substitutions = {
            "{archs}": repr(attr.archs),
            "{commands}": hub_commands(command_template, config = attr.config, lock = attr.lock),
            "{config}": attr.config,
            "{file}": attr.lock,
            "{files}": files_repository_name(attr.hub),
            "{hub}": attr.hub,
            "{repositories}": repr(attr.repositories),
            "{test_args}": repr(command_args("check", config = attr.config, lock = attr.lock)),
        },
    )
    for name, deps in graph["deps"].items():
        repository_ctx.file(name + "/BUILD.bazel", _package_build(
            package_template,
            deps = ["//" + dep for dep in deps],
            hub = attr.hub,
            name = name,
            positions = graph["packages"][name],
            target = name,
        ), executable = False)
    for first, cycle in graph["cycles"].items():
        for name in cycle["members"]:
            text = _package_build(
                package_template,
                deps = [],
                hub = attr.hub,
                name = name,
                positions = graph["packages"][name],
                target = "_package",
            ) + _package_build(
                package_template.partition("\n")[2],
                deps = ["//%s:_cycle" % first],
                hub = attr.hub,
                name = name,
                positions = graph["packages"][name],
                target = name,
            )
            if name == first:
                text += cycle_template.replace("{deps}", repr(
                    ["//%s:_package" % member for member in cycle["members"]] +
                    ["//" + dep for dep in cycle["deps"]],
                ))
            repository_ctx.file(name + "/BUILD.bazel", text, executable = False)

    # Nothing but the attributes goes into it.
    return repository_ctx.repo_metadata(reproducible = True) if hasattr(repository_ctx, "repo_metadata") else None

hub = repository_rule(
    implementation = _hub_impl,
    doc = DOC,
    attrs = ATTRS,
)
