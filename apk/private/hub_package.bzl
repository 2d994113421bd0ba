"""hub_package: a package's target in a hub."""

load("//apk/private/providers:closure.bzl", "ApkClosureInfo")
load("//apk/private/providers:lock.bzl", "ApkLockInfo")
load("//apk/private/providers:package.bzl", "ApkPackageInfo")

visibility("public")  # Loaded by the repositories that the module extension makes.

DOC = "One package of a lock, for whatever CPU is built for, with all that it depends on. Made by the module extension."

ATTRS = {
    "deps": attr.label_list(
        doc = "Targets of the packages that it may bring along.",
        providers = [ApkClosureInfo],
    ),
    "lock": attr.label(
        doc = "The hub's hub_lock.",
        mandatory = True,
        providers = [ApkLockInfo],
    ),
    "package": attr.label(
        # Facts and layer of a package depend on nothing but its bytes. Whatever is built, for whatever platform and in
        # whatever mode, asks for them in the one configuration in which tools are built, so that nothing is repeated.
        cfg = "exec",
        doc = "The locked_package; none where the lock has none for the target platform's architecture.",
        providers = [ApkPackageInfo],
    ),
}

def _hub_package_impl(ctx):
    package = ctx.attr.package[ApkPackageInfo] if ctx.attr.package else None
    closures = [dep[ApkClosureInfo] for dep in ctx.attr.deps]
    return [
        DefaultInfo(files = depset([package.layer.blob] if package else [])),
        ApkClosureInfo(
            available = depset(
                [package] if package else [],
                transitive = [closure.available for closure in closures],
            ),
            locks = depset([ctx.attr.lock[ApkLockInfo]]),
            name = package.name if package else ctx.label.name,
            package = package,
        ),
    ]

hub_package = rule(
    implementation = _hub_package_impl,
    doc = DOC,
    attrs = ATTRS,
    provides = [ApkClosureInfo],
)
