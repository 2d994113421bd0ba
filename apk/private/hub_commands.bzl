"""The commands of a hub: what can be run as @hub//:NAME."""

visibility(["//apk/..."])

# Target name -> apklock's subcommand.
_COMMANDS = {
    "lock": "lock",
    "update": "update",
}

# A hub without a lock has these only.
UNLOCKED_COMMANDS = ["lock"]

def _quote(argument):
    """Keeps an argument of `args` as it is: Bazel expands $ in it and splits it like a shell."""
    return "'%s'" % argument.replace("$", "$$").replace("'", "'\\''")

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
        template
            .replace("{name}", name)
            .replace("{args}", repr([
            _COMMANDS[name],
            _quote("--config=" + config),
            _quote("--lock=" + lock),
        ]))
        for name in names
    ])
