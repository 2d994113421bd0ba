"""oci_load: an image goes into a container runtime."""

load("//oci/private:deploy.bzl", "DESTINATION_ATTRS", "OCIDEPLOY_ATTRS", "deploy_executable", "destination")

visibility(["//oci/..."])

DOC = """`bazel run` of it loads an image into Docker, podman or containerd, or into a tar; of an index, the platform's own.

Flags come after `--`; `bazel run //server:load -- --help` lists them.

```starlark
oci_load(
    name = "load",
    image = ":image",
    repository = "server",
)
```
"""

ATTRS = DESTINATION_ATTRS | OCIDEPLOY_ATTRS | {
    "local_tags": attr.string_list(
        default = ["latest"],
        doc = "Tags that it gets there.",
    ),
}

def _default_name(package, name):
    """Names an image after its target; no daemon takes capitals."""
    return "/".join([part for part in (package, name) if part]).lower()

def _oci_load_impl(ctx):
    return [deploy_executable(ctx, command = "load", destinations = [destination(
        insecure_registries = ctx.attr.insecure_registries,
        repository = ctx.attr.repository or _default_name(ctx.label.package, ctx.attr.image.label.name),
        tag_files = ctx.files.tag_files,
        tags = ctx.attr.local_tags,
        target = ctx.attr.image,
    )])]

oci_load = rule(
    implementation = _oci_load_impl,
    doc = DOC,
    attrs = ATTRS,
    executable = True,
)
