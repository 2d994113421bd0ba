"""unlocked_hub: what a hub is while there is no lock."""

load("//apk/private:hub_commands.bzl", "UNLOCKED_COMMANDS", "hub_commands")

visibility(["//apk/..."])

DOC = """A hub whose packages are incompatible with every platform, and whose `:lock` can be run.

So `bazel build //...` builds what does not need the lock, and asking for an image that does says what to run.
"""

ATTRS = {
    "config": attr.string(
        doc = "Path of apk.yaml in the workspace.",
        mandatory = True,
    ),
    "hub": attr.string(
        doc = "Its name in the root module.",
        mandatory = True,
    ),
    "lock": attr.string(
        doc = "Path of the lock in the workspace.",
        mandatory = True,
    ),
    "packages": attr.string_list(
        doc = "Names of packages that apk.yaml asks for.",
        mandatory = True,
    ),
    "_command_template": attr.label(
        default = "//apk/private:templates/hub_command.BUILD.tpl",
    ),
    "_hub_template": attr.label(
        default = "//apk/private:templates/unlocked_hub.BUILD.tpl",
    ),
    "_package_template": attr.label(
        default = "//apk/private:templates/unlocked_package.BUILD.tpl",
    ),
}

def _unlocked_hub_impl(repository_ctx):
    attr = repository_ctx.attr
    constraint = "%s is missing, make it with [bazel run @%s]" % (attr.lock, attr.hub)
    repository_ctx.template(
        "BUILD.bazel",
        attr._hub_template,
        executable = False,
        substitutions = {
            "{commands}": hub_commands(
                repository_ctx.read(attr._command_template),
                config = attr.config,
                lock = attr.lock,
                names = UNLOCKED_COMMANDS,
            ),
            "{constraint}": repr(constraint),
            "{file}": attr.lock,
            "{hub}": attr.hub,
        },
    )
    for name in attr.packages:
        repository_ctx.template(
            name + "/BUILD.bazel",
            attr._package_template,
            executable = False,
            substitutions = {
                "{constraint}": repr("//:" + constraint),
                "{name}": name,
            },
        )

    # Nothing but the attributes goes into it.
    return repository_ctx.repo_metadata(reproducible = True) if hasattr(repository_ctx, "repo_metadata") else None

unlocked_hub = repository_rule(
    implementation = _unlocked_hub_impl,
    doc = DOC,
    attrs = ATTRS,
)
