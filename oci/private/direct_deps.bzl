"""What `bazel mod tidy` is told: which repositories of an extension the root module is to name in use_repo."""

visibility(["//apk/...", "//oci/..."])

def direct_deps(module_ctx, tag_class):
    """The repositories that the root module's own tags make.

    Args:
        module_ctx: module_ctx of an extension
        tag_class: string, name of the tag class whose tags have a name, which is that of the repository

    Returns:
        dict, arguments of module_ctx.extension_metadata
    """
    deps = []
    dev_deps = []
    for module in module_ctx.modules:
        if module.is_root:
            for tag in getattr(module.tags, tag_class):
                (dev_deps if module_ctx.is_dev_dependency(tag) else deps).append(tag.name)
    return {"root_module_direct_deps": deps, "root_module_direct_dev_deps": dev_deps}
