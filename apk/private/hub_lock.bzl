"""hub_lock: what a hub's packages say of their lock."""

load("//apk/private/providers:lock.bzl", "ApkLockInfo")

visibility("public")  # Loaded by the repositories that the module extension makes.

DOC = "The lock behind a hub. Made by the module extension."

ATTRS = {
    "archs": attr.string_list(
        doc = "apk's architectures that the lock is for.",
        mandatory = True,
    ),
    "file": attr.label(
        allow_single_file = True,
        doc = "The lock.",
    ),
    "hub": attr.string(
        doc = "The name of the hub.",
        mandatory = True,
    ),
    "repositories": attr.string_list(
        doc = "Lines of an image's etc/apk/repositories.",
        mandatory = True,
    ),
}

def _hub_lock_impl(ctx):
    return [ApkLockInfo(
        archs = tuple(ctx.attr.archs),
        file = ctx.file.file,
        hub = ctx.attr.hub,
        repositories = tuple(ctx.attr.repositories),
    )]

hub_lock = rule(
    implementation = _hub_lock_impl,
    doc = DOC,
    attrs = ATTRS,
    provides = [ApkLockInfo],
)
