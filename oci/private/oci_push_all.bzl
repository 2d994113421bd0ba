"""oci_push_all: several pushes in one run."""

load("//oci/private:deploy.bzl", "OCIDEPLOY_ATTRS", "deploy_executable")
load("//oci/private/providers:deploy.bzl", "OciDeployInfo")

visibility(["//oci/..."])

DOC = """`bazel run` of it does the work of several `oci_push` targets at once; layers that they share go up once.

```starlark
oci_push_all(
    name = "push",
    pushes = ["//server:push", "//worker:push"],
)
```
"""

ATTRS = OCIDEPLOY_ATTRS | {
    "pushes": attr.label_list(
        doc = "`oci_push` targets.",
        mandatory = True,
        providers = [OciDeployInfo],
    ),
}

def _oci_push_all_impl(ctx):
    destinations = [to for push in ctx.attr.pushes for to in push[OciDeployInfo].destinations]
    return [
        deploy_executable(ctx, command = "push", destinations = destinations),
        OciDeployInfo(destinations = tuple(destinations)),
    ]

oci_push_all = rule(
    implementation = _oci_push_all_impl,
    doc = DOC,
    attrs = ATTRS,
    executable = True,
    provides = [OciDeployInfo],
)
