"""The fields of a lock's packages (docs/formats.md): the only list of them in Starlark."""

load("//apk/private:names.bzl", "is_package_name")

visibility(["//apk/..."])

_HEX = "0123456789abcdef"

def _is_string(value, _):
    return type(value) == "string" and value != ""

def _is_name(value, _):
    return type(value) == "string" and is_package_name(value)

def _is_count(value, _):
    return type(value) == "int" and value >= 0

def _is_int(value, _):
    return type(value) == "int"

def _is_digest(value, _):
    return type(value) == "string" and len(value) == 71 and value.startswith("sha256:") and value[7:].strip(_HEX) == ""

def _is_list(value, _):
    return type(value) == "list" and all([type(item) == "string" and item for item in value])

def _is_range(value, size):
    return (
        type(value) == "list" and len(value) == 2 and
        type(value[0]) == "int" and type(value[1]) == "int" and
        0 <= value[0] and 0 < value[1] and value[0] + value[1] <= size
    )

def _are_sections(value, package):
    size = package.get("size")
    return type(value) == "dict" and type(size) == "int" and all([
        _is_range(value.get(section), size)
        for section in ["control", "data"]
    ])

def _are_requirements(value, _):
    return type(value) == "list" and all([
        type(item) == "dict" and _is_string(item.get("needs"), None) and _is_list(item.get("by", []), None) and
        (item.get("by") or item["needs"].startswith("!"))
        for item in value
    ])

_STRING = struct(holds = _is_string, want = "a string")
_NAME = struct(holds = _is_name, want = "letters, digits and + - . _")
_COUNT = struct(holds = _is_count, want = "a number of at least 0")
_INT = struct(holds = _is_int, want = "a number")
_DIGEST = struct(holds = _is_digest, want = "\"sha256:\" and 64 lower-case hex digits")
_LIST = struct(holds = _is_list, want = "a list of strings")
_SECTIONS = struct(holds = _are_sections, want = "control and data, each [offset, size] inside the file")
_REQUIREMENTS = struct(holds = _are_requirements, want = "a list of objects with needs, a constraint, and by, the names of packages")

def _field(kind, *, optional = False, entry = True, expected = False):
    """Describes a field.

    Args:
        kind: struct of holds, a function of value and package, and want, the words for it
        optional: whether it may be left out
        entry: whether the package's own target needs it
        expected: whether ApkFacts finds it out again from the package itself

    Returns:
        struct
    """
    return struct(entry = entry, expected = expected, kind = kind, optional = optional)

PACKAGE_FIELDS = {
    "name": _field(_NAME, expected = True),
    "version": _field(_STRING, expected = True),
    "arch": _field(_STRING),
    "repository": _field(_COUNT),
    "url": _field(_STRING, entry = False),
    "size": _field(_COUNT, expected = True),
    "sha256": _field(_DIGEST, expected = True),
    "sections": _field(_SECTIONS, expected = True),
    "checksum": _field(_STRING, expected = True),
    "layer": _field(_DIGEST, expected = True),
    "diff_id": _field(_DIGEST, expected = True),
    "installed_size": _field(_COUNT, entry = False, optional = True),
    "build_time": _field(_COUNT, optional = True),
    "origin": _field(_STRING, entry = False, optional = True),
    "license": _field(_STRING, entry = False, optional = True),
    "depends": _field(_REQUIREMENTS, optional = True),
    "provides": _field(_LIST, optional = True),
    "provider_priority": _field(_INT, optional = True),
    "install_if": _field(_REQUIREMENTS, optional = True),
    "replaces": _field(_LIST, entry = False, optional = True),
    "normalise": _field(_STRING, optional = True),
}

def package_problem(package):
    """Looks for what is wrong with the fields of one package, without the rest of the lock.

    Args:
        package: value of the lock's packages

    Returns:
        string, or None
    """
    for name, field in PACKAGE_FIELDS.items():
        if name not in package and field.optional:
            continue
        if not field.kind.holds(package.get(name), package):
            return "%s is %s, want %s" % (name, repr(package.get(name)), field.kind.want)
    for name in package:
        if name not in PACKAGE_FIELDS:
            return "there is a field %s, want only %s" % (repr(name), ", ".join(PACKAGE_FIELDS))
    return None

def entry_of(package):
    """What the package's own target needs of it.

    Args:
        package: dict, a package of the lock

    Returns:
        dict
    """
    return {name: package[name] for name, field in PACKAGE_FIELDS.items() if field.entry and name in package}

def expected_of(entry):
    """What the package itself has to say, too.

    Args:
        entry: dict as entry_of returns it

    Returns:
        dict
    """
    return {name: entry[name] for name, field in PACKAGE_FIELDS.items() if field.expected}

def _requirements(list):
    return tuple([(requirement["needs"], tuple(requirement.get("by", []))) for requirement in list])

def closure_fields(entry, *, hub):
    """What image_packages has to know of a locked package.

    Args:
        entry: dict as entry_of returns it
        hub: string, name of the lock's hub

    Returns:
        dict of fields of ApkPackageInfo
    """
    return {
        "depends": _requirements(entry.get("depends", [])),
        "id": entry["sha256"],
        "install_if": _requirements(entry.get("install_if", [])),
        "locked": True,
        "name": entry["name"],
        "origin": "@" + hub,
        "provider_priority": entry.get("provider_priority", 0),
        "provides": tuple(entry.get("provides", [])),
        "repository": entry["repository"],
        "version": entry["version"],
    }
