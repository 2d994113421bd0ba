"""apk_index: packages become a repository."""

load("//apk/private:archs.bzl", "ARCH_ATTRS", "target_arch")
load("//apk/private:signing.bzl", "SIGNING_ATTRS", "add_key")
load("//oci/private:linux_transition.bzl", "linux_transition")
load("//oci/private:ocibuild.bzl", "OCIBUILD_ATTRS", "ocibuild_args", "ocibuild_run")

visibility(["//apk/..."])

DOC = """A folder that `apk` takes as a repository: `<arch>/APKINDEX.tar.gz` and the packages beside it.

```starlark
apk_index(
    name = "repository",
    key = ":signing_key",
    key_name = "me@example.com-1.rsa.pub",
    packages = [":hello_apk"],
)
```
"""

ATTRS = ARCH_ATTRS | SIGNING_ATTRS | OCIBUILD_ATTRS | {
    "description": attr.string(
        doc = "What the index says of itself.",
    ),
    "packages": attr.label_list(
        doc = "Targets of `.apk` files: `apk_package`, packages of a lock, files.",
        allow_files = [".apk"],
        mandatory = True,
    ),
}

def _apk_index_impl(ctx):
    err, arch = target_arch(ctx)
    if err:
        fail("%s: %s" % (ctx.label, err))
    directory = ctx.actions.declare_directory(ctx.label.name)
    args = ocibuild_args(ctx)
    args.add(arch, format = "--arch=%s")
    args.add_all(ctx.files.packages, format_each = "--apk=%s")
    err, keys = add_key(args, file = ctx.file.key, name = ctx.attr.key_name)
    if err:
        fail("%s: %s" % (ctx.label, err))
    if ctx.attr.description:
        args.add(ctx.attr.description, format = "--description=%s")
    args.add_all([directory], format_each = "--repository-out=%s", expand_directories = False)
    ocibuild_run(
        ctx,
        subcommand = "repository",
        args = args,
        inputs = ctx.files.packages + keys,
        outputs = [directory],
        mnemonic = "ApkRepository",
        progress_message = "Indexing the packages of %{label}",
    )
    return [DefaultInfo(files = depset([directory]))]

apk_index = rule(
    implementation = _apk_index_impl,
    doc = DOC,
    attrs = ATTRS,
    cfg = linux_transition,
)
