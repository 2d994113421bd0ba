"""hub_cycle: packages of a hub that depend on one another."""

load("//apk/private/providers:closure.bzl", "ApkClosureInfo")

visibility("public")  # Loaded by the repositories that the module extension makes.

DOC = "The packages of a dependency cycle, and all that they depend on. Made by the module extension."

ATTRS = {
    "deps": attr.label_list(
        doc = "Targets of the members, and of the packages outside that they may bring along.",
        providers = [ApkClosureInfo],
    ),
}

def _hub_cycle_impl(ctx):
    closures = [dep[ApkClosureInfo] for dep in ctx.attr.deps]
    return [ApkClosureInfo(
        available = depset(transitive = [closure.available for closure in closures]),
        locks = depset(transitive = [closure.locks for closure in closures]),
        name = None,
        package = None,
    )]

hub_cycle = rule(
    implementation = _hub_cycle_impl,
    doc = DOC,
    attrs = ATTRS,
    provides = [ApkClosureInfo],
)
