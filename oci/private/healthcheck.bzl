"""How a container runtime finds out whether the program still works: Docker's extension of the image config."""

visibility(["//apk/...", "//oci/..."])

HEALTHCHECK_ATTRS = {
    "healthcheck": attr.string_list(
        doc = """How Docker and podman find out whether the program still works; Kubernetes has probes of its own.

`["CMD", PROGRAM, ARGUMENT, …]`, `["CMD-SHELL", COMMAND]`, or `["NONE"]` for none although the base has one.
""",
    ),
    "healthcheck_interval": attr.string(
        doc = "Time between two checks, such as `30s` or `1m30s`. Empty: the runtime's default.",
    ),
    "healthcheck_retries": attr.int(
        doc = "How many failures in a row mean that it does not work. 0: the runtime's default.",
    ),
    "healthcheck_start_period": attr.string(
        doc = "Time to start in, in which failures do not count. Empty: the runtime's default.",
    ),
    "healthcheck_timeout": attr.string(
        doc = "How long a check may take. Empty: the runtime's default.",
    ),
}

_NANOSECONDS = {
    "h": 3600 * 1000 * 1000 * 1000,
    "m": 60 * 1000 * 1000 * 1000,
    "ms": 1000 * 1000,
    "s": 1000 * 1000 * 1000,
}

def parse_duration(text):
    """Reads a duration: whole numbers with units, such as 1m30s.

    Args:
        text: string

    Returns:
        (err, nanoseconds)
    """
    bad = "is \"%s\", want a duration such as 500ms, 30s or 1m30s" % text
    total = 0
    number = ""
    unit = ""
    for c in (text + "0").elems():
        if not c.isdigit():
            unit += c
            continue
        if unit:
            if not number or unit not in _NANOSECONDS:
                return bad, None
            total += int(number) * _NANOSECONDS[unit]
            number, unit = "", ""
        number += c
    if number != "0" or not text:
        return bad, None
    return None, total

def healthcheck_config(attr):
    """Turns the attributes into the member `Healthcheck` of an image's config.

    Args:
        attr: struct with the fields of HEALTHCHECK_ATTRS

    Returns:
        (err, value): the value is a dict, or None where nothing is said.
    """
    details = {
        "Interval": attr.healthcheck_interval,
        "StartPeriod": attr.healthcheck_start_period,
        "Timeout": attr.healthcheck_timeout,
    }
    if not attr.healthcheck:
        if attr.healthcheck_retries or any(details.values()):
            return "healthcheck is empty, want a check for its interval, timeout, start period and retries", None
        return None, None
    kind = attr.healthcheck[0]
    want = {"CMD": 2, "CMD-SHELL": 2, "NONE": 1}.get(kind)
    if not want or len(attr.healthcheck) < want or (kind != "CMD" and len(attr.healthcheck) != want):
        return "healthcheck is %s, want [\"CMD\", PROGRAM, …], [\"CMD-SHELL\", COMMAND] or [\"NONE\"]" % attr.healthcheck, None
    if attr.healthcheck_retries < 0:
        return "healthcheck_retries is %d, want none below zero" % attr.healthcheck_retries, None
    config = {"Test": attr.healthcheck}
    for name, text in details.items():
        if text:
            err, config[name] = parse_duration(text)
            if err:
                return "healthcheck: %s %s" % (name, err), None
    if attr.healthcheck_retries:
        config["Retries"] = attr.healthcheck_retries
    return None, config
