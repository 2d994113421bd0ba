"""pull_hub: the repository that users name; its target is the image for the target platform."""

visibility(["//oci/..."])

DOC = "Names a pulled image. To name it, nothing need be fetched."

ATTRS = {
    "hub": attr.string(
        doc = "Its name in the root module.",
        mandatory = True,
    ),
    "images": attr.string_dict(
        doc = "CPU constraint to the label of the image for it.",
        mandatory = True,
    ),
    "_build": attr.label(
        default = "//oci/private:templates/pull_hub.BUILD.tpl",
    ),
}

def _pull_hub_impl(repository_ctx):
    repository_ctx.template("BUILD.bazel", repository_ctx.attr._build, executable = False, substitutions = {
        "{images}": repr(repository_ctx.attr.images),
        "{name}": repository_ctx.attr.hub,
    })

    # Nothing but the attributes goes into it.
    return repository_ctx.repo_metadata(reproducible = True) if hasattr(repository_ctx, "repo_metadata") else None

pull_hub = repository_rule(
    implementation = _pull_hub_impl,
    doc = DOC,
    attrs = ATTRS,
)
