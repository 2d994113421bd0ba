"""oci_push: an image goes to a registry."""

load("//oci/private:deploy.bzl", "DESTINATION_ATTRS", "OCIDEPLOY_ATTRS", "deploy_executable", "destination")
load("//oci/private/providers:deploy.bzl", "OciDeployInfo")

visibility(["//oci/..."])

DOC = """`bazel run` of it pushes an image or an index: layers that the registry lacks, then manifests, then tags.

Flags come after `--`: `bazel run //server:push -- --tag=v2 --dry-run`.

```starlark
oci_push(
    name = "push",
    image = ":image",
    repository = "registry.example.com/server",
    remote_tags = ["latest", "{STABLE_GIT_COMMIT}"],
)
```
"""

ATTRS = DESTINATION_ATTRS | OCIDEPLOY_ATTRS | {
    "mount_from": attr.string_list(
        doc = "Repositories of the same registry that may have layers of it already.",
    ),
    "remote_tags": attr.string_list(
        doc = "Tags to point at it; `{KEY}` stands for a value of `--workspace_status_command`. None: digest only.",
    ),
}

def _oci_push_impl(ctx):
    destinations = [destination(
        insecure_registries = ctx.attr.insecure_registries,
        mount_from = ctx.attr.mount_from,
        repository = ctx.attr.repository,
        tag_files = ctx.files.tag_files,
        tags = ctx.attr.remote_tags,
        target = ctx.attr.image,
    )]
    return [
        deploy_executable(ctx, command = "push", destinations = destinations),
        OciDeployInfo(destinations = tuple(destinations)),
    ]

oci_push = rule(
    implementation = _oci_push_impl,
    doc = DOC,
    attrs = ATTRS,
    executable = True,
    provides = [OciDeployInfo],
)
