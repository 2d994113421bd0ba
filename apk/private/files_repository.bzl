"""files_repository: apk.yaml and its lock, as targets."""

visibility(["//apk/..."])

DOC = "Makes apk.yaml and its lock targets, whose own package need not export them."

ATTRS = {
    "config": attr.label(
        doc = "apk.yaml.",
        mandatory = True,
    ),
    "lock": attr.label(
        doc = "The lock; none: there is no such file.",
    ),
}

def _files_repository_impl(repository_ctx):
    # Links: the repository is to stay as it is when the files change.
    repository_ctx.symlink(repository_ctx.attr.config, "config")
    if repository_ctx.attr.lock:
        repository_ctx.symlink(repository_ctx.attr.lock, "lock")
    repository_ctx.file("BUILD.bazel", """exports_files(["config", "lock"])\n""", executable = False)

files_repository = repository_rule(
    implementation = _files_repository_impl,
    doc = DOC,
    attrs = ATTRS,
)
