"""hub: the repository that users name, with one Bazel package for each locked package."""

load("//apk/private:hub_files.bzl", "hub_files", "packages_file")
load("//apk/private:repository_files.bzl", "reproducible", "write_build_files")

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
    "unlocked": attr.string_dict(
        doc = "Names of packages that apk.yaml asks for and the lock lacks, and what to say of each.",
    ),
}

def _hub_impl(repository_ctx):
    attr = repository_ctx.attr
    files = hub_files(
        archs = attr.archs,
        config = attr.config,
        graph = json.decode(attr.graph),
        hub = attr.hub,
        lock = attr.lock,
        repositories = attr.repositories,
        unlocked = attr.unlocked,
    )
    write_build_files(repository_ctx, files)
    names = sorted([name for name in files if name])
    repository_ctx.file("packages.bzl", packages_file(config = attr.config, hub = attr.hub, names = names), executable = False)
    return reproducible(repository_ctx)

hub = repository_rule(
    implementation = _hub_impl,
    doc = DOC,
    attrs = ATTRS,
)
