"""The BUILD files of the repositories that the module extension makes, as text."""

load("//apk/private:archs.bzl", "ARCHS")
load("//apk/private:hub_commands.bzl", "UNLOCKED_COMMANDS", "command_args", "command_calls")
load("//apk/private:names.bzl", "files_repository_name", "repository_name")
load("//oci/private:build_file.bzl", "PUBLIC", "build_file", "call", "choice")

visibility(["//apk/..."])

def package_file(*, apk, entry, hub, urls):
    """The BUILD file of one package's repository.

    Args:
        apk: string, the file's name, or None where actions download it
        entry: string, the lock's entry, JSON
        hub: string, name of the hub
        urls: list of strings

    Returns:
        string
    """
    return build_file(
        calls = [call("locked_package", name = "package", apk = apk, entry = entry, hub = hub, urls = urls, visibility = PUBLIC)],
        rules = ["locked_package"],
    )

def _hub_package(*, hub, name, target, archs, deps):
    package = {ARCHS[arch]: "@%s//:package" % repository_name(hub, arch, name) for arch in archs}
    package["//conditions:default"] = None
    return call(
        "hub_package",
        name = target,
        deps = deps,
        lock = "//:_lock",
        package = choice(package),
        visibility = PUBLIC,
    )

def _lock_test(*, config, has_lock, hub, lock):
    files = files_repository_name(hub)
    return call(
        "hub_lock_test",
        name = "lock_test",
        size = "small",
        args = command_args("check", config = config, lock = lock),
        config = "@%s//:config" % files,
        config_path = config,
        hub = hub,
        lock = "@%s//:lock" % files if has_lock else None,
        lock_path = lock,
        visibility = PUBLIC,
    )

def hub_files(*, archs, config, graph, hub, lock, repositories, unlocked):
    """The BUILD files of a hub.

    Args:
        archs: list of strings, apk's architectures that the lock is for
        config: string, path of apk.yaml in the workspace
        graph: dict, what hub_graph returns, decoded from JSON
        hub: string, the hub's name in the module that made it
        lock: string, path of the lock in the workspace
        repositories: list of strings, lines of an image's etc/apk/repositories
        unlocked: dict of names of packages that apk.yaml asks for and the lock lacks to what to say of them

    Returns:
        dict of Bazel package to text
    """
    files = files_repository_name(hub)
    found = {"": build_file(
        calls = [
            call(
                "hub_lock",
                name = "_lock",
                archs = archs,
                file = "@%s//:lock" % files,
                hub = hub,
                repositories = repositories,
                visibility = PUBLIC,
            ),
            _lock_test(config = config, has_lock = True, hub = hub, lock = lock),
        ] + command_calls(config = config, hub = hub, lock = lock),
        rules = ["hub_command", "hub_lock", "hub_lock_test"],
    )}
    for name, deps in graph["deps"].items():
        found[name] = build_file(
            calls = [_hub_package(
                archs = graph["packages"][name],
                deps = ["//" + dep for dep in deps],
                hub = hub,
                name = name,
                target = name,
            )],
            rules = ["hub_package"],
        )
    for first, cycle in graph["cycles"].items():
        for name in cycle["members"]:
            found[name] = _cycle_member(cycle, archs = graph["packages"][name], first = first, hub = hub, name = name)
    for name, problem in unlocked.items():
        if name not in found:
            found[name] = build_file(
                calls = [call("unlocked_package", name = name, problem = problem, visibility = PUBLIC)],
                rules = ["unlocked_package"],
            )
    return found

def _cycle_member(cycle, *, archs, first, hub, name):
    calls = [
        _hub_package(archs = archs, deps = [], hub = hub, name = name, target = "_package"),
        _hub_package(archs = archs, deps = ["//%s:_cycle" % first], hub = hub, name = name, target = name),
    ]
    if name != first:
        return build_file(calls = calls, rules = ["hub_package"])
    members = ["//%s:_package" % member for member in cycle["members"]]
    outside = ["//" + dep for dep in cycle["deps"]]
    return build_file(
        calls = calls + [call("hub_cycle", name = "_cycle", deps = members + outside, visibility = PUBLIC)],
        rules = ["hub_cycle", "hub_package"],
    )

def packages_file(*, config, hub, names):
    """The hub's packages.bzl, which has the function `packages`.

    Args:
        config: string, path of apk.yaml in the workspace
        hub: string, the hub's name in the module that made it
        names: list of names of packages that the hub has; empty while there is no lock

    Returns:
        string
    """
    arguments = ", ".join(["%s = %s" % (name, repr(value)) for name, value in {"config": config, "hub": hub, "names": names}.items()])
    return """# Generated by the module extension of rules_apk.

load("@rules_apk//apk/private:locked_labels.bzl", "locked_labels")

packages = locked_labels(root = Label("//:BUILD.bazel"), %s)
""" % arguments

def unlocked_hub_files(*, config, has_lock, hub, lock, packages, problem):
    """The BUILD files of a hub while there is no lock that can be read.

    Args:
        config: string, path of apk.yaml in the workspace
        has_lock: bool, whether there is a file in the lock's place
        hub: string, the hub's name in the module that made it
        lock: string, path of the lock in the workspace
        packages: list of names of packages that apk.yaml asks for
        problem: string, what is wrong with the lock, in words that a target's name can have

    Returns:
        dict of Bazel package to text
    """

    # A second name for :lock, because a constraint's name cannot hold a colon. A hub may be called as one of its targets is.
    second_name = []
    if hub not in UNLOCKED_COMMANDS + ["lock_test"]:
        second_name = [call("alias", name = hub, actual = ":lock", visibility = PUBLIC)]

    # No platform has this constraint. Its name is what Bazel says when a target that needs it is asked for.
    constraint = "%s %s, make it with [bazel run @%s]" % (lock, problem, hub)
    found = {"": build_file(
        calls = [
            call("constraint_setting", name = "_lock_state"),
            call("constraint_value", name = constraint, constraint_setting = ":_lock_state", visibility = PUBLIC),
            _lock_test(config = config, has_lock = has_lock, hub = hub, lock = lock),
        ] + second_name + command_calls(config = config, hub = hub, lock = lock, names = UNLOCKED_COMMANDS),
        rules = ["hub_command", "hub_lock_test"],
    )}
    for name in packages:
        found[name] = build_file(
            calls = [call(
                "unlocked_package",
                name = name,
                problem = "%s %s" % (lock, problem),
                target_compatible_with = ["//:" + constraint],
                visibility = PUBLIC,
            )],
            rules = ["unlocked_package"],
        )
    return found
