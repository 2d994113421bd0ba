"""What the repository rules have in common."""

visibility(["//apk/..."])

def write_build_files(repository_ctx, files):
    """Writes BUILD files.

    Args:
        repository_ctx: context of a repository rule
        files: dict of Bazel package to text
    """
    for package, text in files.items():
        repository_ctx.file(package + "/BUILD.bazel" if package else "BUILD.bazel", text, executable = False)

def reproducible(repository_ctx):
    """What a repository rule returns whose result depends on nothing but its attributes.

    Args:
        repository_ctx: context of a repository rule

    Returns:
        value for the rule to return
    """
    return repository_ctx.repo_metadata(reproducible = True) if hasattr(repository_ctx, "repo_metadata") else None
