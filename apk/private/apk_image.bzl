"""apk_image: an image out of packages."""

load("//apk/private:archs.bzl", "ARCH_ATTRS", "target_arch")
load("//apk/private:image_packages.bzl", "image_packages")
load("//apk/private/actions:package_layers.bzl", "package_layers")
load("//apk/private/actions:system_layer.bzl", "SYSTEM_ATTRS", "system_layer", "system_spec")
load("//apk/private/providers:closure.bzl", "ApkClosureInfo")
load("//oci/private:image_config.bzl", "IMAGE_CONFIG_ATTRS", "image_config")
load("//oci/private:image_result.bzl", "image_result")
load("//oci/private:linux_transition.bzl", "linux_transition")
load("//oci/private:ocibuild.bzl", "OCIBUILD_ATTRS")
load("//oci/private:platform.bzl", "OCI_PLATFORM_ATTRS", "oci_platform")
load("//oci/private:stamp.bzl", "CREATED_ATTRS", "STAMP_ATTRS")
load("//oci/private/actions:link_check.bzl", "LINK_CHECK_ATTRS", "link_check")
load("//oci/private/actions:manifest.bzl", "image_manifest")
load("//oci/private/providers:image.bzl", "OciImageInfo")

visibility(["//apk/..."])

DOC = """An image with packages, what they depend on, and nothing else.

Each package is a layer of its own, byte for byte its signed data section. One more layer holds what an installed system
has besides: the database of installed packages, links, users.

By default it builds manifest, config and image descriptor; the output group `oci_layout` is a directory with everything,
in the OCI image layout. The output group `report` tells in JSON what the system layer did: which scripts of packages
would have done what the image lacks, which packages were rewritten, and why.

```starlark
apk_image(
    name = "python",
    packages = [
        "@wolfi//ca-certificates-bundle",
        "@wolfi//python-3.13",
        "@wolfi//wolfi-baselayout",
    ],
    entrypoint = ["/usr/bin/python3"],
)
```
"""

# run_as says it, and knows the accounts that the image has.
_CONFIG_ATTRS = {name: value for name, value in IMAGE_CONFIG_ATTRS.items() if name != "user"}

ATTRS = ARCH_ATTRS | CREATED_ATTRS | _CONFIG_ATTRS | LINK_CHECK_ATTRS | OCI_PLATFORM_ATTRS | STAMP_ATTRS | SYSTEM_ATTRS | OCIBUILD_ATTRS | {
    "default_env": attr.string_dict(
        default = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        doc = "Environment variables that the image has where `env` does not set them. `{}`: none.",
    ),
    "layering": attr.string(
        default = "64",
        doc = """How packages become layers.

`package`: one layer for each. `single`: one for all. A number: one for each as long as the image has no more layers than
that, otherwise the smallest packages share one.
""",
    ),
    "normalise": attr.string_list(
        doc = """Names of packages to rewrite, although no lock says that they have to be.

A package with files in what is a symlink in another package (`/lib`, where that is a link to `/usr/lib`) cannot be a layer
as it is. The lock knows which of its packages are such; this is for packages that were built here, or of two locks.
""",
    ),
    "packages": attr.label_list(
        doc = "What the image is to have: packages of a lock, and `apk_package` targets.",
        allow_empty = False,
        mandatory = True,
        providers = [ApkClosureInfo],
    ),
}

def _lacking(closures, arch):
    """Looks for a package that its lock has for other architectures only.

    Returns:
        string, or None
    """
    for closure in closures:
        if closure.package:
            continue
        lock = closure.locks.to_list()[0]
        if arch not in lock.archs:
            return "the lock of @%s has no packages for %s, only for %s; add it to archs in apk.yaml and run: bazel run @%s//:lock" % (
                lock.hub,
                arch,
                ", ".join(lock.archs),
                lock.hub,
            )
        return "the lock of @%s has no package \"%s\" for %s, only for other architectures; use select() to name it" % (
            lock.hub,
            closure.name,
            arch,
        )
    return None

def _packages(closures, arch):
    """Works the packages of the image out.

    Returns:
        (err, packages): list of ApkPackageInfo in install order
    """
    err = _lacking(closures, arch)
    if err:
        return err, None
    available = depset(transitive = [closure.available for closure in closures])
    err, packages = image_packages(
        available = available.to_list(),
        roots = [closure.package for closure in closures],
    )
    if err:
        return err, None
    for package in packages:
        if package.arch not in [arch, "noarch"]:
            return "package \"%s\" of %s is for %s, the image for %s" % (package.name, package.origin, package.arch, arch), None
    return None, packages

def _repositories(closures):
    locks = depset(transitive = [closure.locks for closure in closures], order = "preorder").to_list()
    return {url: True for lock in locks for url in lock.repositories}.keys()

def _locks(closures):
    locks = depset(transitive = [closure.locks for closure in closures], order = "preorder").to_list()
    return depset([struct(file = lock.file, hub = "@" + lock.hub) for lock in locks if lock.file])

def _apk_image_impl(ctx):
    err, arch = target_arch(ctx)
    if err:
        fail("%s: %s" % (ctx.label, err))
    err, platform = oci_platform(ctx)
    if err:
        fail("%s: %s" % (ctx.label, err))
    err, config = image_config(ctx.attr)
    if err:
        fail("%s: %s" % (ctx.label, err))
    defaults = ["%s=%s" % (name, value) for name, value in ctx.attr.default_env.items() if name not in ctx.attr.env]
    if defaults:
        config["Env"] = defaults + config.get("Env", [])
    closures = [target[ApkClosureInfo] for target in ctx.attr.packages]
    err, packages = _packages(closures, arch)
    if err:
        fail("%s: %s" % (ctx.label, err))

    err, packed = package_layers(
        ctx,
        exclude = ctx.attr.exclude,
        layering = ctx.attr.layering,
        normalise = ctx.attr.normalise,
        packages = packages,
    )
    if err:
        fail("%s: %s" % (ctx.label, err))
    spec = system_spec(
        ctx.attr,
        arch = arch,
        repositories = _repositories(closures),
        world = sorted({closure.name: True for closure in closures}),
    )
    err, system = system_layer(ctx, packages = packages, spec = spec | packed.spec)
    if err:
        fail("%s: %s" % (ctx.label, err))
    err, image = image_manifest(
        ctx,
        annotations = ctx.attr.annotations,
        config = config,
        created = max([package.build_time for package in packages]),
        fragments = [system.config_fragment] if ctx.attr.run_as else [],
        layers = packed.layers + [system.layer],
        locks = _locks(closures),
        platform = platform,
    )
    if err:
        fail("%s: %s" % (ctx.label, err))
    return image_result(ctx, image, _validation = link_check(ctx, image), report = depset([system.report]))

apk_image = rule(
    implementation = _apk_image_impl,
    doc = DOC,
    attrs = ATTRS,
    cfg = linux_transition,
    provides = [OciImageInfo],
)
