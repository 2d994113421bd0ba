"""unlocked_hub: what a hub is while there is no lock that can be read."""

load("//apk/private:hub_files.bzl", "packages_file", "unlocked_hub_files")
load("//apk/private:repository_files.bzl", "reproducible", "write_build_files")

visibility(["//apk/..."])

DOC = """A hub whose packages are incompatible with every platform, and whose `:lock` can be run.

So `bazel build //...` builds what does not need the lock, and asking for an image that does says what to run. Its `:lock_test`
fails.
"""

ATTRS = {
    "config": attr.string(
        doc = "Path of apk.yaml in the workspace.",
        mandatory = True,
    ),
    "has_lock": attr.bool(
        doc = "Whether there is a file in the lock's place.",
    ),
    "hub": attr.string(
        doc = "Its name in the root module.",
        mandatory = True,
    ),
    "lock": attr.string(
        doc = "Path of the lock in the workspace.",
        mandatory = True,
    ),
    "packages": attr.string_list(
        doc = "Names of packages that apk.yaml asks for.",
        mandatory = True,
    ),
    "problem": attr.string(
        doc = "What is wrong with the lock.",
        mandatory = True,
    ),
}

def _unlocked_hub_impl(repository_ctx):
    attr = repository_ctx.attr
    write_build_files(repository_ctx, unlocked_hub_files(
        config = attr.config,
        has_lock = attr.has_lock,
        hub = attr.hub,
        lock = attr.lock,
        packages = attr.packages,
        problem = attr.problem,
    ))
    repository_ctx.file("packages.bzl", packages_file(config = attr.config, hub = attr.hub, names = []), executable = False)
    return reproducible(repository_ctx)

unlocked_hub = repository_rule(
    implementation = _unlocked_hub_impl,
    doc = DOC,
    attrs = ATTRS,
)
