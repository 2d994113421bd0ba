"""The commands of a hub: what can be run as @hub//:NAME."""

visibility(["//apk/..."])

<<<<<<< HEAD
# What a command of apklock, and the target of its name, takes by itself.
=======
# Subcommand of apklock, and name of the target -> the files of the lock that it takes.
>>>>>>> 2843b07 (apk: apklock's other commands, and lock_test, in the hub)
_COMMANDS = {
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
UNLOCKED_COMMANDS = ["lock"]

def _quote(argument):
    """Keeps an argument of `args` as it is: Bazel expands $ in it and splits it like a shell."""
    return "'%s'" % argument.replace("$", "$$").replace("'", "'\\''")

<<<<<<< HEAD
def command_args(name, *, config, lock):
    """The arguments of a command.

    Args:
        name: string, the command of apklock
        config: string, path of apk.yaml in the workspace
        lock: string, path of the lock in the workspace
=======
def command_args(command, files):
    """Writes the arguments that make apklock run a command on a lock.

    Args:
        command: string, a key of _COMMANDS
        files: dict of "config" and "lock" to paths in the workspace
>>>>>>> 2843b07 (apk: apklock's other commands, and lock_test, in the hub)

    Returns:
        list of strings, for the attribute `args`
    """
<<<<<<< HEAD
    paths = {"config": config, "lock": lock}
    return [name] + [_quote("--%s=%s" % (flag, paths[flag])) for flag in _COMMANDS[name]]
=======
    return [command] + [_quote("--%s=%s" % (file, files[file])) for file in _COMMANDS[command]]
>>>>>>> 2843b07 (apk: apklock's other commands, and lock_test, in the hub)

def hub_commands(template, *, config, lock, names = _COMMANDS.keys()):
    """Writes the targets of the commands.

    Args:
        template: string, the text of hub_command.BUILD.tpl
        config: string, path of apk.yaml in the workspace
        lock: string, path of the lock in the workspace
        names: list of target names

    Returns:
        string, part of a BUILD file
    """
    return "".join([
<<<<<<< HEAD
        template.replace("{name}", name).replace("{args}", repr(command_args(name, config = config, lock = lock)))
=======
        template
            .replace("{name}", name)
            .replace("{args}", repr(command_args(name, {"config": config, "lock": lock})))
>>>>>>> 2843b07 (apk: apklock's other commands, and lock_test, in the hub)
        for name in names
    ])
