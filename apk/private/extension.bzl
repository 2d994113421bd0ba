"""The module extension: a lock becomes a hub and one repository for each package and arch."""

load("//apk/private:config_names.bzl", "config_names")
load("//apk/private:files_repository.bzl", "files_repository")
load("//apk/private:hub.bzl", "hub")
load("//apk/private:hub_graph.bzl", "hub_graph")
load("//apk/private:lock.bzl", "not_locked", "package_urls", "parse_lock", "repository_lines")
load("//apk/private:lock_fields.bzl", "entry_of")
load("//apk/private:names.bzl", "files_repository_name", "is_hub_name", "repository_name")
load("//apk/private:package_repository.bzl", "package_repository")
load("//apk/private:unlocked_hub.bzl", "unlocked_hub")
load("//oci/private:direct_deps.bzl", "direct_deps")

visibility(["//apk/..."])

DOC = """Makes the packages of locks available to images.

```starlark
apk = use_extension("@rules_apk//apk:extensions.bzl", "apk")
apk.lock(name = "wolfi", config = "//:apk.yaml", lock = "//:apk.lock.json")
use_repo(apk, "wolfi")
```
"""

_LOCK = tag_class(
    doc = """One lock. Its packages are `@NAME//PACKAGE`; `bazel run @NAME//:lock` writes it.

The lock need not exist yet: images that need it are then left out of `bazel build //...`. `@NAME//:lock_test` fails where the
lock is missing, cannot be read, or is not what the config asks for; name it in a `test_suite` of your own, and
`bazel test //...` fails, too.
""",
    attrs = {
        "config": attr.label(
            doc = "apk.yaml: what is asked for.",
            mandatory = True,
        ),
        "fetch": attr.string(
            default = "repository",
            doc = """What downloads packages.

`repository`: a repository for each, when a target needs it; with Bazel's repository cache, credentials, mirrors and
`bazel fetch`. `action`: the actions that read packages, which only happens where their results are in no cache: with a
warm remote cache, nothing is downloaded. Such actions use the network, with the credentials of a netrc file
(docs/credentials.md).
""",
            values = ["action", "repository"],
        ),
        "lock": attr.label(
            doc = "apk.lock.json: the answer.",
            mandatory = True,
        ),
        "name": attr.string(
            doc = "Name of the hub repository: letters, digits, `-` and `_`.",
            mandatory = True,
        ),
    },
)

def _workspace_path(label):
    return (label.package + "/" if label.package else "") + label.name

def _read(module_ctx, label):
    """Reads a file that may not exist; when that changes, Bazel evaluates the extension again.

    Returns:
        string, empty for a missing file
    """
    path = module_ctx.path(label)
    module_ctx.watch(path)
    return module_ctx.read(path) if path.exists else ""

def _declare_files(tag, *, lock):
    files_repository(
        name = files_repository_name(tag.name),
        config = tag.config,
        lock = lock,
    )

def _declare_unlocked(module_ctx, tag, problem, *, lock):
    _declare_files(tag, lock = lock)
    unlocked_hub(
        name = tag.name,
        config = _workspace_path(tag.config),
        hub = tag.name,
        has_lock = lock != None,
        lock = _workspace_path(tag.lock),
        packages = config_names(_read(module_ctx, tag.config)),
        problem = problem,
    )

def _declare_locked(module_ctx, tag, lock):
    hub(
        name = tag.name,
        archs = lock["config"]["archs"],
        config = _workspace_path(tag.config),
        graph = json.encode(hub_graph(lock)),
        hub = tag.name,
        lock = _workspace_path(tag.lock),
        repositories = repository_lines(lock["repositories"]),
        unlocked = not_locked(
            config_names(_read(module_ctx, tag.config)),
            lock["packages"],
            command = _lock_command(tag),
            config = _workspace_path(tag.config),
            file = _workspace_path(tag.lock),
        ),
    )
    _declare_files(tag, lock = tag.lock)
    for package in lock["packages"]:
        package_repository(
            name = repository_name(tag.name, package["arch"], package["name"]),
            config = tag.config,
            entry = json.encode(entry_of(package)),
            fetch = tag.fetch,
            hub = tag.name,
            urls = package_urls(package, lock["repositories"]),
        )

def _lock_command(tag):
    return "bazel run @%s//:lock" % tag.name

def _declare(module_ctx, tag):
    file = _workspace_path(tag.lock)
    text = _read(module_ctx, tag.lock)
    if not text.strip():
        print("%s is missing: images that need @%s are left out; make it with: %s" % (
            file,
            tag.name,
            _lock_command(tag),
        ))  # buildifier: disable=print
        _declare_unlocked(module_ctx, tag, "is missing", lock = None)
        return
    err, lock = parse_lock(text, command = _lock_command(tag), file = file)
    if err:
        # As if there were none: the command that writes it anew is a target of the hub.
        print("%s; until then, images that need @%s are left out" % (err, tag.name))  # buildifier: disable=print
        _declare_unlocked(module_ctx, tag, "cannot be read", lock = tag.lock)
        return
    _declare_locked(module_ctx, tag, lock)

def _apk_impl(module_ctx):
    owners = {}
    for module in module_ctx.modules:
        for tag in module.tags.lock:
            if not is_hub_name(tag.name):
                fail("apk.lock: name is \"%s\", want letters, digits, - and _" % tag.name)
            if tag.name in owners:
                fail("apk.lock: name = \"%s\" is there twice, in %s, want different names" % (
                    tag.name,
                    "the module " + module.name if owners[tag.name] == module.name else "the modules %s and %s" % (
                        owners[tag.name],
                        module.name,
                    ),
                ))
            owners[tag.name] = module.name
            _declare(module_ctx, tag)

    # Locks are all that it reads, and they pin every package by digest: no need to write the result down once more.
    return module_ctx.extension_metadata(reproducible = True, **direct_deps(module_ctx, "lock"))

apk = module_extension(
    implementation = _apk_impl,
    doc = DOC,
    tag_classes = {"lock": _LOCK},
)
