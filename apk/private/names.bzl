"""Names of packages, and of the repositories that hold them."""

visibility(["//apk/..."])

_ALPHANUMERIC = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_PACKAGE_CHARACTERS = _ALPHANUMERIC + "+-._"
_HUB_CHARACTERS = _ALPHANUMERIC + "-_"

def is_package_name(name):
    """Whether name can be a package's: it then is a legal Bazel package and target name, too.

    Args:
        name: string

    Returns:
        bool
    """
    return name != "" and name[0] in _ALPHANUMERIC and name.strip(_PACKAGE_CHARACTERS) == ""

def is_hub_name(name):
    """Whether name can be a hub's: no dot, because a dot ends the hub's name in repository_name.

    Args:
        name: string

    Returns:
        bool
    """
    return name != "" and name[0] in _ALPHANUMERIC and name.strip(_HUB_CHARACTERS) == ""

def repository_name(hub, arch, package):
    """Names the repository of one package for one arch.

    Repository names cannot hold a "+". It becomes "_2b", and "_" becomes "_5f", so that no two packages meet.

    Args:
        hub: string that passes is_hub_name
        arch: string, apk's architecture
        package: string that passes is_package_name

    Returns:
        string
    """
    return "%s.%s.%s" % (hub, arch, package.replace("_", "_5f").replace("+", "_2b"))

def files_repository_name(hub):
    """Names the repository of a hub's apk.yaml and lock; no package's has as few dots.

    Args:
        hub: string that passes is_hub_name

    Returns:
        string
    """
    return hub + ".files"

def constraint_name(constraint):
    """The name that a constraint speaks of.

    Args:
        constraint: string, such as "so:libz.so.1>=1.3", "!foo", "bar@edge" or a provide such as "cmd:sh=1"

    Returns:
        string, without "!", version and tag
    """
    name = constraint.removeprefix("!")
    for separator in ["=", "<", ">", "~", "@"]:
        name = name.partition(separator)[0]
    return name
