"""apk_package: Bazel targets become an APK package."""

load("//apk/private:archs.bzl", "ARCHS", "ARCH_ATTRS", "target_arch")
load("//apk/private:names.bzl", "is_package_name")
load("//apk/private:signing.bzl", "SIGNING_ATTRS", "add_key")
load("//apk/private/actions:facts.bzl", "apk_facts")
load("//apk/private/providers:closure.bzl", "ApkClosureInfo")
load("//apk/private/providers:package.bzl", "ApkPackageInfo")
load("//oci/private:entries.bzl", "ENTRY_ATTRS", "add_entries", "attr_entries")
load("//oci/private:linux_transition.bzl", "linux_transition")
load("//oci/private:ocibuild.bzl", "OCIBUILD_ATTRS", "ocibuild_args", "ocibuild_run")
load("//oci/private/providers:layer.bzl", "OciLayerInfo")

visibility(["//apk/..."])

DOC = """A package out of files, the same whenever and wherever it is built. It can be named in `apk_image.packages`.

```starlark
apk_package(
    name = "hello_apk",
    package_name = "hello",
    version = "1.0.0-r0",
    description = "Says hello",
    license = "Apache-2.0",
    depends = ["hello-data"],
    files = {":hello": "/usr/bin/hello"},
    deps = [":hello_data_apk"],
)
```
"""

ATTRS = ARCH_ATTRS | ENTRY_ATTRS | SIGNING_ATTRS | OCIBUILD_ATTRS | {
    "arch": attr.string(
        doc = "apk's architecture, or `noarch`. Empty: the target platform's.",
        values = [""] + sorted(ARCHS) + ["noarch"],
    ),
    "build_time": attr.int(
        doc = "When it was built, in Unix seconds.",
    ),
    "depends": attr.string_list(
        doc = "What it depends on, as apk writes it: `musl>=1.2`, `so:libz.so.1`, `!telnet`.",
    ),
    "deps": attr.label_list(
        doc = "Packages to find what it depends on among, next to those that the image names.",
        providers = [ApkClosureInfo],
    ),
    "description": attr.string(
        doc = "What it is, in a line.",
        mandatory = True,
    ),
    "install_if": attr.string_list(
        doc = "It joins an image that meets all of these, provided that the image has it at hand.",
    ),
    "license": attr.string(
        doc = "SPDX expression.",
        mandatory = True,
    ),
    "maintainer": attr.string(
        doc = "`Name <address>`.",
    ),
    "origin": attr.string(
        doc = "The package that its source is called after. Empty: its own name.",
    ),
    "package_name": attr.string(
        doc = "Its name. Empty: the target's.",
    ),
    "provider_priority": attr.int(
        doc = "Which of several packages that provide a name is taken: the one with the highest.",
    ),
    "provides": attr.string_list(
        doc = "Other names that it stands for: `cmd:hello=1.0.0-r0`.",
    ),
    "replaces": attr.string_list(
        doc = "Packages whose files it may overwrite.",
    ),
    "replaces_priority": attr.int(
        doc = "Which of two packages that replace each other keeps a file of both: the one with the higher.",
    ),
    "url": attr.string(
        doc = "Its home page.",
    ),
    "version": attr.string(
        doc = "Its version and release, such as `1.2.3-r0`.",
        mandatory = True,
    ),
}

def _spec(attr, *, name, arch):
    """Builds `--spec` of `ocibuild package`.

    Returns:
        dict without empty members
    """
    spec = {
        "name": name,
        "version": attr.version,
        "arch": arch,
        "description": attr.description,
        "license": attr.license,
        "url": attr.url,
        "origin": attr.origin or name,
        "maintainer": attr.maintainer,
        "depends": attr.depends,
        "provides": attr.provides,
        "replaces": attr.replaces,
        "replaces_priority": attr.replaces_priority,
        "install_if": attr.install_if,
        "provider_priority": attr.provider_priority,
        "build_time": attr.build_time,
    }
    return {key: value for key, value in spec.items() if value}

def _apk(ctx, *, name, arch):
    """Declares the package's file.

    Returns:
        (err, File)
    """
    err, entries = attr_entries(ctx.attr)
    if err:
        return err, None
    apk = ctx.actions.declare_file("%s/%s-%s.apk" % (ctx.label.name, name, ctx.attr.version))
    args = ocibuild_args(ctx)
    args.add(json.encode(_spec(ctx.attr, arch = arch, name = name)), format = "--package-spec=%s")
    inputs = add_entries(args, entries)
    err, keys = add_key(args, file = ctx.file.key, name = ctx.attr.key_name)
    if err:
        return err, None
    args.add(apk, format = "--apk-out=%s")
    ocibuild_run(
        ctx,
        subcommand = "package",
        args = args,
        inputs = inputs + keys,
        outputs = [apk],
        mnemonic = "ApkPackage",
        progress_message = "Packing %{output}",
    )
    return None, apk

def _apk_package_impl(ctx):
    name = ctx.attr.package_name or ctx.label.name
    if not is_package_name(name):
        fail("%s: package_name is \"%s\", want letters, digits and + - . _" % (ctx.label, name))
    arch = ctx.attr.arch
    if not arch:
        err, arch = target_arch(ctx)
        if err:
            fail("%s: %s" % (ctx.label, err))
    err, apk = _apk(ctx, arch = arch, name = name)
    if err:
        fail("%s: %s" % (ctx.label, err))
    facts = apk_facts(ctx, apk = apk)
    package = ApkPackageInfo(
        arch = arch,
        build_time = ctx.attr.build_time,
        depends = tuple([(constraint, None) for constraint in ctx.attr.depends]),
        download = None,
        id = str(ctx.label),
        install_if = tuple([(constraint, None) for constraint in ctx.attr.install_if]),
        layer = OciLayerInfo(blob = apk, descriptor = facts.descriptor, facts = facts.facts, libraries = (), programs = (facts.elf,)),
        locked = False,
        name = name,
        normalise = None,
        origin = str(ctx.label).removeprefix("@@"),
        provider_priority = ctx.attr.provider_priority,
        provides = tuple(ctx.attr.provides),
        repository = -1,
        size = None,
        version = ctx.attr.version,
    )
    closures = [dep[ApkClosureInfo] for dep in ctx.attr.deps]
    return [
        DefaultInfo(files = depset([apk])),
        package,
        ApkClosureInfo(
            available = depset([package], transitive = [closure.available for closure in closures]),
            locks = depset(transitive = [closure.locks for closure in closures]),
            name = name,
            package = package,
        ),
    ]

apk_package = rule(
    implementation = _apk_package_impl,
    doc = DOC,
    attrs = ATTRS,
    cfg = linux_transition,
    provides = [ApkClosureInfo, ApkPackageInfo],
)
