"""Which packages an image has: roots, what they depend on, and what comes along with those."""

load("//apk/private:names.bzl", "constraint_name")
load("//apk/private:nearest.bzl", "nearest")

visibility(["//apk/..."])

def _origin(package):
    return "%s-%s of %s" % (package.name, package.version, package.origin)

def _clash(a, b, remedy):
    return "two packages are called \"%s\": %s and %s, want one; %s" % (a.name, _origin(a), _origin(b), remedy)

def _by_name(packages):
    """Sorts packages by name, each package once.

    Returns:
        dict of name to list of packages
    """
    found = {}
    for package in packages:
        same_name = found.setdefault(package.name, [])
        if package.id not in [other.id for other in same_name]:
            same_name.append(package)
    return found

def _by_provide(packages, wanted):
    """For some names, the packages that provide them under another name.

    Args:
        packages: list of packages
        wanted: dict whose keys are the names

    Returns:
        dict of name to list of package names
    """
    found = {}
    for package in packages:
        for provide in package.provides:
            name = constraint_name(provide)
            if name in wanted and package.name not in found.get(name, []):
                found.setdefault(name, []).append(package.name)
    return found

def _unmet(package, requirement, names):
    suggestion = nearest(constraint_name(requirement), names)
    return "package \"%s\" of %s depends on \"%s\", which no package at hand provides%s; add a package that does to deps" % (
        package.name,
        package.origin,
        requirement,
        "; the nearest is \"%s\"" % suggestion if suggestion else "",
    )

def _ambiguous(package, requirement, names):
    return "package \"%s\" of %s depends on \"%s\", which several packages provide: %s; add one of them to packages" % (
        package.name,
        package.origin,
        requirement,
        ", ".join(sorted(names)),
    )

def _choose(chosen, by_name, name):
    """Adds the package of that name.

    Returns:
        (err, package)
    """
    candidates = by_name[name]
    if len(candidates) > 1:
        return _clash(candidates[0], candidates[1], "name the one that is meant in packages"), None
    chosen[name] = candidates[0]
    return None, candidates[0]

def _close(chosen, frontier, by_name):
    """Adds what packages depend on by name, to the end.

    Args:
        chosen: dict of name to package, added to
        frontier: list of packages of chosen whose dependencies have not been looked at
        by_name: dict of name to list of packages

    Returns:
        (err, requirements): list of (package, raw constraint) that no package meets by its name
    """
    open_requirements = []
    for _ in range(len(by_name) + 1):
        if not frontier:
            break
        added = []
        for package in frontier:
            names = list(package.depends)
            for requirement in package.requires:
                name = constraint_name(requirement)
                if requirement.startswith("!"):
                    continue
                if name in by_name:
                    names.append(name)
                else:
                    open_requirements.append((package, requirement))
            for name in names:
                if name in chosen:
                    continue
                if name not in by_name:
                    return _unmet(package, name, by_name), None
                err, dependency = _choose(chosen, by_name, name)
                if err:
                    return err, None
                added.append(dependency)
        frontier = added
    return None, open_requirements

def _meet(chosen, requirements, by_name, available):
    """Finds packages that provide what is required.

    Returns:
        (err, packages): the packages that were added to chosen.
    """
    if not requirements:
        return None, []
    provides = _by_provide(available, {constraint_name(raw): True for _, raw in requirements})
    added = []
    for package, requirement in requirements:
        names = provides.get(constraint_name(requirement), [])
        if [name for name in names if name in chosen]:
            continue
        if not names:
            return _unmet(package, requirement, by_name), None
        if len(names) > 1:
            return _ambiguous(package, requirement, names), None
        err, provider = _choose(chosen, by_name, names[0])
        if err:
            return err, None
        added.append(provider)
    return None, added

def _triggered(chosen, waiting):
    """Packages whose install_if holds.

    The lock keeps an install_if only where its packages can meet it, so apart from "=" the names decide.

    Args:
        chosen: dict of name to package
        waiting: list of packages with install_if

    Returns:
        list of packages
    """
    wanted = {constraint_name(raw): True for package in waiting for raw in package.install_if}
    versions = {name: {package.version: True} for name, package in chosen.items() if name in wanted}
    for package in chosen.values():
        for provide in package.provides:
            name = constraint_name(provide)
            if name in wanted:
                versions.setdefault(name, {})[provide.partition("=")[2]] = True

    def holds(raw):
        name = constraint_name(raw)
        if raw.startswith("!"):
            return name not in versions
        if name not in versions:
            return False
        exact = raw.removeprefix(name)
        return not exact.startswith("=") or exact[1:].partition("@")[0] in versions[name]

    return [package for package in waiting if all([holds(raw) for raw in package.install_if])]

def _conflict(chosen):
    """Looks for packages that exclude one another whatever their version.

    Returns:
        string, or None
    """
    conflicts = []
    for package in chosen.values():
        excluded = list(package.conflicts)
        excluded.extend([raw[1:] for raw in package.requires if raw.startswith("!")])
        conflicts.extend([(package, name) for name in excluded if constraint_name(name) == name])
    if not conflicts:
        return None
    provides = _by_provide(chosen.values(), {name: True for _, name in conflicts})
    for package, name in conflicts:
        for other in ([name] if name in chosen else []) + provides.get(name, []):
            if other != package.name:
                return "package \"%s\" of %s excludes \"%s\", and %s is in the image, too" % (
                    package.name,
                    package.origin,
                    name,
                    _origin(chosen[other]),
                )
    return None

def _in_install_order(chosen):
    """Locked packages as their lock orders them, then the others, each after what it depends on.

    Returns:
        list of packages
    """
    locks = {}
    for package in chosen.values():
        if package.order >= 0:
            locks.setdefault(package.origin, len(locks))
    locked = [package for package in chosen.values() if package.order >= 0]
    ordered = sorted(locked, key = lambda package: (locks[package.origin], package.order))

    rest = sorted([package for package in chosen.values() if package.order < 0], key = lambda package: package.name)
    wanted = {constraint_name(raw): True for package in rest for raw in package.requires}
    provides = _by_provide(rest, wanted)
    pending = {package.name: True for package in rest}
    for _ in range(len(rest)):
        ready = []
        for package in rest:
            before = {}
            for raw in package.requires:
                name = constraint_name(raw)
                for other in [name] + provides.get(name, []):
                    if other in pending and other != package.name and not raw.startswith("!"):
                        before[other] = True
            if package.name in pending and not before:
                ready.append(package)
        if not ready:
            break
        for package in ready:
            pending.pop(package.name)
        ordered.extend(ready)

    # What is left depends on itself in a circle: any order is as good.
    ordered.extend([package for package in rest if package.name in pending])
    return ordered

def image_packages(*, roots, available):
    """Works out an image's packages.

    A package is a struct with the fields of ApkPackageInfo that say what it is called and what it wants: `name`,
    `version`, `id`, `origin`, `order`, `depends`, `requires`, `conflicts`, `provides`, `install_if`.

    Where a root and another package at hand have one name, the root is the one that is meant.

    Args:
        roots: list of packages that the image names
        available: list of packages at hand, roots among them

    Returns:
        (err, packages): the packages in install order.
    """
    by_name = _by_name(available)
    chosen = {}
    for root in roots:
        if root.name in chosen and chosen[root.name].id != root.id:
            return _clash(chosen[root.name], root, "two images that need both use two locks"), None
        chosen[root.name] = root
        by_name[root.name] = [root]

    at_hand = [packages[0] for packages in by_name.values()]
    waiting = [package for package in at_hand if package.install_if]
    frontier = chosen.values()
    requirements = []
    for _ in range(len(by_name) + 1):
        err, more = _close(chosen, frontier, by_name)
        if err:
            return err, None
        requirements.extend(more)

        # Only when no name leads any further is it known which providers are there anyway.
        err, frontier = _meet(chosen, requirements, by_name, at_hand)
        if err:
            return err, None
        requirements = []
        if frontier:
            continue
        waiting = [package for package in waiting if package.name not in chosen]
        frontier = _triggered(chosen, waiting) if waiting else []
        if not frontier:
            break
        for package in frontier:
            chosen[package.name] = package

    err = _conflict(chosen)
    if err:
        return err, None
    return None, _in_install_order(chosen)
