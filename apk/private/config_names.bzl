"""Reads package names off apk.yaml before there is a lock."""

load("//apk/private:names.bzl", "constraint_name", "is_package_name")

visibility(["//apk/..."])

def _without_comment(line):
    """Cuts a YAML comment off; none of the names that matter here hold a "#"."""
    if line.lstrip().startswith("#"):
        return ""
    return line.partition(" #")[0].rstrip()

def _is_top_level_key(line):
    return line != "" and line[0] not in " \t-#]" and ":" in line

def _items(text):
    """Splits the text of a list, in block or in flow style, into plain strings."""
    items = []
    for part in text.replace("[", ",").replace("]", ",").split(","):
        item = part.strip().removeprefix("- ").strip().strip("\"'")
        if item and item != "-":
            items.append(item)
    return items

def config_names(text):
    """Lists the names under `packages:`.

    No YAML reader: apklock has that. It knows enough for an apk.yaml as people write it, so that the targets that they
    name exist, and say what to do, until the lock is there; what it does not understand it leaves out.

    Args:
        text: string, content of apk.yaml

    Returns:
        sorted list of package names, without versions and tags
    """
    inside = False
    names = {}
    for raw in text.splitlines():
        line = _without_comment(raw)
        if _is_top_level_key(line):
            key, _, rest = line.partition(":")
            inside = key.strip("\"'") == "packages"
            line = rest
        if not inside:
            continue
        for item in _items(line):
            name = constraint_name(item)
            if is_package_name(name) and not item.startswith("!"):
                names[name] = True
    return sorted(names)
