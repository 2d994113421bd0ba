"""The commands of a hub: what can be run as @hub//:NAME."""

load("//oci/private:build_file.bzl", "PUBLIC", "call")

visibility(["//apk/..."])

# What a command of apklock, and the target of its name, takes by itself.
_COMMANDS = {
    "affected": ["lock"],
    "check": ["config", "lock"],
    "diff": [],
    "lock": ["config", "lock"],
    "mirror": ["config", "lock"],
    "outdated": ["config", "lock"],
    "tree": ["lock"],
    "update": ["config", "lock"],
    "why": ["lock"],
}

# A hub without a lock has these only.
UNLOCKED_COMMANDS = ["check", "lock", "update"]

def _quote(argument):
    """Keeps an argument of `args` as it is: Bazel expands $ in it and splits it like a shell."""
    return "'%s'" % argument.replace("$", "$$").replace("'", "'\\''")

def command_args(name, *, config, lock):
    """The arguments of a command.

    Args:
        name: string, the command of apklock
        config: string, path of apk.yaml in the workspace
        lock: string, path of the lock in the workspace

    Returns:
        list of strings, for the attribute `args`
    """
    paths = {"config": config, "lock": lock}
    return [name] + [_quote("--%s=%s" % (flag, paths[flag])) for flag in _COMMANDS[name]]

def command_calls(*, config, hub, lock, names = _COMMANDS.keys()):
    """The targets of the commands.

    Args:
        config: string, path of apk.yaml in the workspace
        hub: string, the hub's name in the module that made it
        lock: string, path of the lock in the workspace
        names: list of target names

    Returns:
        list of strings as call returns them
    """
    return [
        call(
            "hub_command",
            name = name,
            args = command_args(name, config = config, lock = lock),
            hub = hub,
            visibility = PUBLIC,
        )
        for name in names
    ]
