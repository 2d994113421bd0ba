"""Reads apk.lock.json (docs/formats.md) and refuses what does not look as `apklock lock` wrote it."""

load("//apk/private:archs.bzl", "ARCHS")
load("//apk/private:lock_fields.bzl", "package_problem")
load("//apk/private:names.bzl", "constraint_name")

visibility(["//apk/..."])

VERSION = 2

_VERSION_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._~"
_TYPES = {"config": "dict", "packages": "list", "repositories": "list"}

def _is_plain(text):
    """Whether a text is a string without control characters."""
    return type(text) == "string" and text != "" and not [char for char in text.elems() if char < " " or char == "\177"]

def _repositories_problem(repositories):
    for repository in repositories:
        if type(repository) != "dict" or not _is_plain(repository.get("url")):
            return "repositories has %s, want objects with url, a string" % repr(repository)
        mirrors = repository.get("mirrors", [])
        if type(mirrors) != "list" or not all([_is_plain(mirror) for mirror in mirrors]):
            return "repository %s: mirrors is %s, want a list of strings" % (repository["url"], repr(mirrors))
        if "tag" in repository and not _is_plain(repository["tag"]):
            return "repository %s: tag is %s, want a string" % (repository["url"], repr(repository["tag"]))
    return None

def _place_problem(package, lock):
    """Looks for what is wrong with where a package comes from: its URL follows from the rest of its entry."""
    if package["arch"] not in lock["config"]["archs"]:
        return "arch is \"%s\", want one of config.archs: %s" % (package["arch"], ", ".join(lock["config"]["archs"]))
    if package["version"].strip(_VERSION_CHARACTERS):
        return "version is %s, want letters, digits and + - . _ ~" % repr(package["version"])
    if package["repository"] >= len(lock["repositories"]):
        return "repository is %d, want less than %d" % (package["repository"], len(lock["repositories"]))
    base = lock["repositories"][package["repository"]]["url"].removesuffix("/")
    urls = [
        "%s/%s/%s-%s.apk" % (base, folder, package["name"], package["version"])
        for folder in [package["arch"], "noarch"]
    ]
    if package["url"] not in urls:
        return "url is %s, want %s, as its repository, arch, name and version say" % (repr(package["url"]), repr(urls[0]))
    return None

def _unmet(package, locked):
    for field in ["depends", "install_if"]:
        for requirement in package.get(field, []):
            for name in requirement.get("by", []):
                if (name, package["arch"]) not in locked:
                    return "%s: %s is met by \"%s\", want names of packages of this lock" % (field, repr(requirement["needs"]), name)
    return None

def _lock_problem(lock):
    """Looks for what is wrong with a decoded lock.

    Returns:
        string, or None
    """
    if type(lock) != "dict":
        return "it is not a JSON object"
    if lock.get("version") != VERSION:
        return "version is %s, want %d: it is not a lock, or one of another release of rules_apk" % (
            repr(lock.get("version")),
            VERSION,
        )
    for field, want in _TYPES.items():
        if type(lock.get(field)) != want:
            return "%s is missing or of the wrong type" % field
    archs = lock["config"].get("archs")
    if type(archs) != "list" or not archs or [arch for arch in archs if arch not in ARCHS]:
        return "config.archs is %s, want some of %s" % (repr(archs), ", ".join(ARCHS))
    problem = _repositories_problem(lock["repositories"])
    if problem:
        return problem

    locked = {}
    for package in lock["packages"]:
        if type(package) != "dict":
            return "packages has %s, want objects" % repr(package)
        problem = package_problem(package) or _place_problem(package, lock)
        key = (package.get("name"), package.get("arch"))
        if not problem and key in locked:
            problem = "it is there twice"
        if problem:
            return "package %s (%s): %s" % (repr(package.get("name")), package.get("arch"), problem)
        locked[key] = True
    for package in lock["packages"]:
        problem = _unmet(package, locked)
        if problem:
            return "package \"%s\" (%s): %s" % (package["name"], package["arch"], problem)
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
        relative to the folder of apk.yaml. A `+` in the file's name is `%2B` where a server is asked.
    """
    repository = repositories[package["repository"]]
    path = package["url"].removeprefix(repository["url"].removesuffix("/"))
    urls = [package["url"]] + [mirror.removesuffix("/") + path for mirror in repository.get("mirrors", [])]
    return [_escape_plus(url) for url in urls]

def _escape_plus(url):
    """S3 reads a bare + in a file's name as a blank; a folder has it as it is."""
    if not url.startswith("http://") and not url.startswith("https://"):
        return url
    folder, _, file = url.rpartition("/")
    return folder + "/" + file.replace("+", "%2B")

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

def not_locked(names, packages, *, config, file, command):
    """What to say of packages that apk.yaml asks for by a name that no package of the lock has.

    Args:
        names: list of strings, what apk.yaml asks for
        packages: list of dicts, the lock's packages
        config: string, the name of apk.yaml for errors
        file: string, the lock's name for errors
        command: string, the command that writes the lock, for errors

    Returns:
        dict of name to what to say
    """
    locked = {package["name"]: True for package in packages}
    missing = {name: {} for name in names if name not in locked}
    for package in packages if missing else []:
        for provide in package.get("provides", []):
            name = constraint_name(provide)
            if name in missing:
                missing[name][package["name"]] = True
    return {
        name: (
            "%s asks for \"%s\", which is what packages of %s provide, but none is called; name one of them: %s" % (
                config,
                name,
                file,
                ", ".join(providers),
            ) if providers else "%s asks for \"%s\", which %s lacks; run: %s" % (config, name, file, command)
        )
        for name, providers in missing.items()
    }
