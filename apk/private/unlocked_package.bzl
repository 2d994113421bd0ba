"""unlocked_package: stands in for a hub's package that apk.yaml asks for and no lock has."""

load("//apk/private/providers:closure.bzl", "ApkClosureInfo")

visibility("public")  # Loaded by the repositories that the module extension makes.

DOC = """A package that is asked for in apk.yaml and is not locked. Made by the module extension.

While there is no lock at all, it is compatible with no platform, so `bazel build //...` leaves out the images that need it.
"""

ATTRS = {
    "problem": attr.string(
        doc = "Why it cannot be built.",
        mandatory = True,
    ),
}

def _unlocked_package_impl(ctx):
    fail("%s: %s" % (ctx.label, ctx.attr.problem))

unlocked_package = rule(
    implementation = _unlocked_package_impl,
    doc = DOC,
    attrs = ATTRS,
    provides = [ApkClosureInfo],
)
