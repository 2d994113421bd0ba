"""unlocked_package: stands in for a hub's package while there is no lock."""

load("//apk/private/providers:closure.bzl", "ApkClosureInfo")

visibility("public")  # Loaded by the repositories that the module extension makes.

DOC = """A package that is asked for in apk.yaml, before there is a lock.

It is compatible with no platform, so `bazel build //...` leaves out the images that need it. Made by the module extension.
"""

def _unlocked_package_impl(ctx):
    fail("%s has no lock yet, and its constraint should have kept it from being built" % ctx.label)

unlocked_package = rule(
    implementation = _unlocked_package_impl,
    doc = DOC,
    provides = [ApkClosureInfo],
)
