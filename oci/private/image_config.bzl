"""The attributes of an image that end in its config."""

load("//oci/private:healthcheck.bzl", "HEALTHCHECK_ATTRS", "healthcheck_config")

visibility(["//apk/...", "//oci/..."])

IMAGE_CONFIG_ATTRS = HEALTHCHECK_ATTRS | {
    "annotations": attr.string_dict(
        doc = "Annotations of the manifest; `{KEY}` stands for a value of `--workspace_status_command`, see `stamp`.",
    ),
    "cmd": attr.string_list(
        doc = "Arguments of the entrypoint, or the command where there is none. Empty: the base's.",
    ),
    "entrypoint": attr.string_list(
        doc = "The program that the image runs, with fixed arguments. Empty: the base's.",
    ),
    "env": attr.string_dict(
        doc = "Environment variables, on top of the base's; `$NAME` and `${NAME}` stand for a variable of the base, `$$` for `$`.",
    ),
    "exposed_ports": attr.string_list(
        doc = "Ports that the program listens on, such as `8080/tcp`.",
    ),
    "labels": attr.string_dict(
        doc = "Labels of the config, on top of the base's; `{KEY}` as in annotations.",
    ),
    "stop_signal": attr.string(
        doc = "The signal that stops the program, such as `SIGINT`. Empty: the base's.",
    ),
    "user": attr.string(
        doc = "`user`, `uid`, `user:group` or `uid:gid` that the program runs as. Empty: the base's, or root.",
    ),
    "volumes": attr.string_list(
        doc = "Paths where volumes are expected.",
    ),
    "workdir": attr.string(
        doc = "Absolute path of the working directory. Empty: the base's, or `/`.",
    ),
}

# Attributes whose value may be cleared -> the member of OCI's `config` object that they become.
_MEMBERS = {
    "cmd": "Cmd",
    "entrypoint": "Entrypoint",
    "env": "Env",
    "exposed_ports": "ExposedPorts",
    "healthcheck": "Healthcheck",
    "labels": "Labels",
    "stop_signal": "StopSignal",
    "user": "User",
    "volumes": "Volumes",
    "workdir": "WorkingDir",
}

def config_members(names):
    """Says what attributes are called in the `config` object of the OCI image config.

    Args:
        names: list of strings, names of attributes in IMAGE_CONFIG_ATTRS

    Returns:
        (err, members): list of strings
    """
    for name in names:
        if name not in _MEMBERS:
            return "clear has \"%s\", want some of %s" % (name, ", ".join(sorted(_MEMBERS))), None
    return None, [_MEMBERS[name] for name in names]

def image_config(attr, env = {}):
    """Turns the attributes into the `config` object of the OCI image config.

    Args:
        attr: struct with the fields of IMAGE_CONFIG_ATTRS; user may be missing
        env: dict of strings, more variables, where the attribute does not have them

    Returns:
        (err, value): the value is a dict without empty members.
    """
    env = env | attr.env
    for name, value in env.items():
        if not name or "=" in name:
            return "env: got the variable %s = %s, want a name without \"=\"" % (repr(name), repr(value)), None
    if attr.workdir and not attr.workdir.startswith("/"):
        return "workdir is %s, want an absolute path" % repr(attr.workdir), None
    err, healthcheck = healthcheck_config(attr)
    if err:
        return err, None
    written_otherwise = {
        "env": ["%s=%s" % (name, value) for name, value in env.items()],
        "exposed_ports": {port: {} for port in attr.exposed_ports},
        "healthcheck": healthcheck,
        "volumes": {path: {} for path in attr.volumes},
    }
    values = {name: written_otherwise[name] if name in written_otherwise else getattr(attr, name, None) for name in _MEMBERS}
    return None, {_MEMBERS[name]: value for name, value in values.items() if value}
