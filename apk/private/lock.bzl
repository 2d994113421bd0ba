"""Reads apk.lock.json (docs/formats.md) and refuses what does not look as `apklock lock` wrote it."""

load("//apk/private:archs.bzl", "ARCHS")
load("//apk/private:names.bzl", "is_package_name")

visibility(["//apk/..."])

_VERSION = 1

_STRINGS = ["name", "version", "arch", "url", "sha256", "checksum", "layer", "diff_id"]
_INTS = ["size", "repository"]
_DIGESTS = ["sha256", "layer", "diff_id"]
_HEX = "0123456789abcdef"

def _is_digest(value):
    return len(value) == 71 and value.startswith("sha256:") and value[7:].strip(_HEX) == ""

def _is_section(value, size):
    return (
        type(value) == "list" and len(value) == 2 and
        type(value[0]) == "int" and type(value[1]) == "int" and
        0 <= value[0] and 0 < value[1] and value[0] + value[1] <= size
    )

def _package_problem(package):
    """Looks for what is wrong with the fields of one package, without the rest of the lock.

    Returns:
        string, or None
    """
    for field in _STRINGS:
        if type(package.get(field)) != "string" or not package[field]:
            return "%s is %s, want a string" % (field, repr(package.get(field)))
    for field in _INTS:
        if type(package.get(field)) != "int" or package[field] < 0:
            return "%s is %s, want a number of at least 0" % (field, repr(package.get(field)))
    for field in _DIGESTS:
        if not _is_digest(package[field]):
            return "%s is \"%s\", want \"sha256:\" and 64 lower-case hex digits" % (field, package[field])
    if not is_package_name(package["name"]):
        return "name is \"%s\", want letters, digits and + - . _" % package["name"]
    if package["arch"] not in ARCHS:
        return "arch is \"%s\", want one of %s" % (package["arch"], ", ".join(ARCHS))
    sections = package.get("sections")
    if type(sections) != "dict":
        return "sections is %s, want an object" % repr(sections)
    for section in ["control", "data"]:
        if not _is_section(sections.get(section), package["size"]):
            return "sections.%s is %s, want [offset, size] inside the file's %d bytes" % (
                section,
                repr(sections.get(section)),
                package["size"],
            )
    return None

def _unknown_dependency(package, locked):
    for name in package.get("depends", []):
        if (name, package["arch"]) not in locked:
            return name
    return None

def _lock_problem(lock):
    """Looks for what is wrong with a decoded lock.

    Returns:
        string, or None
    """
    if type(lock) != "dict":
        return "it is not a JSON object"
    if lock.get("version") != _VERSION:
        return "version is %s, want %d: it is not a lock, or one of another release of rules_apk" % (
            repr(lock.get("version")),
            _VERSION,
        )
    for field, want in {"install_order": "dict", "packages": "list", "repositories": "list"}.items():
        if type(lock.get(field)) != want:
            return "%s is missing or of the wrong type" % field

    locked = {}
    for package in lock["packages"]:
        if type(package) != "dict":
            return "packages has %s, want objects" % repr(package)
        subject = "package \"%s\" (%s)" % (package.get("name"), package.get("arch"))
        problem = _package_problem(package)
        if not problem and package["repository"] >= len(lock["repositories"]):
            problem = "repository is %d, want less than %d" % (package["repository"], len(lock["repositories"]))
        key = (package.get("name"), package.get("arch"))
        if not problem and key in locked:
            problem = "it is there twice"
        if problem:
            return "%s: %s" % (subject, problem)
        locked[key] = True

    ordered = {
        (name, arch): True
        for arch, names in lock["install_order"].items()
        for name in names
    }
    for package in lock["packages"]:
        subject = "package \"%s\" (%s)" % (package["name"], package["arch"])
        missing = _unknown_dependency(package, locked)
        if missing:
            return "%s: depends has \"%s\", want names of packages of this lock" % (subject, missing)
        if (package["name"], package["arch"]) not in ordered:
            return "%s: install_order.%s lacks it" % (subject, package["arch"])
    return None

def parse_lock(text, *, file, command):
    """Decodes and checks a lock.

    Args:
        text: string, the file's content, not empty
        file: string, the file's name for errors
        command: string, the command that writes the lock, for errors

    Returns:
        (err, lock): the decoded JSON.
    """
    lock = json.decode(text, default = None)
    problem = _lock_problem(lock) if lock != None else "it is not JSON"
    if problem:
        return "%s: %s; run: %s" % (file, problem, command), None
    return None, lock

def package_urls(package, repositories):
    """Where a package's file can be had.

    Args:
        package: dict, a package of the lock
        repositories: list of dicts, the lock's repositories

    Returns:
        list of strings: the package's URL, then the same path on each mirror of its repository. What has no scheme is
        relative to the folder of apk.yaml.
    """
    repository = repositories[package["repository"]]
    urls = [package["url"]]
    base = repository["url"].removesuffix("/") + "/"
    if package["url"].startswith(base):
        path = package["url"].removeprefix(base)
        urls += [mirror.removesuffix("/") + "/" + path for mirror in repository.get("mirrors", [])]
    return urls

def repository_lines(repositories):
    """What an image's etc/apk/repositories says.

    Args:
        repositories: list of dicts, the lock's repositories

    Returns:
        list of strings, `URL` or `@tag URL`; without repositories that are folders of the machine that locked.
    """
    return [
        "@%s %s" % (repository["tag"], repository["url"]) if repository.get("tag") else repository["url"]
        for repository in repositories
        if repository["url"].startswith("http://") or repository["url"].startswith("https://")
    ]
