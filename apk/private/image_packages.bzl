"""Which packages an image has: what `apk add` would install of those at hand, in the same order."""

load("//apk/private:decisions.bzl", "decide")
load("//apk/private:install_order.bzl", "install_order")
load("//apk/private:names.bzl", "constraint_name")
load("//apk/private:nearest.bzl", "nearest")
load("//apk/private:requirements.bzl", "alternatives", "at_hand", "is_picked")

visibility(["//apk/..."])

_FOREVER = 1 << 30

def _origin(package):
    return "%s-%s of %s" % (package.name, package.version, package.origin)

def _clash(a, b, remedy):
    return "two packages are called \"%s\": %s and %s, want one; %s" % (a.name, _origin(a), _origin(b), remedy)

def _unmet(package, requirement, names):
    suggestion = nearest(constraint_name(requirement), names)
    return "package \"%s\" of %s depends on \"%s\", which no package at hand provides%s; add a package that does to deps" % (
        package.name,
        package.origin,
        requirement,
        "; the nearest is \"%s\"" % suggestion if suggestion else "",
    )

def _unchosen(package, requirement, names):
    """Refuses to choose, as apk does where a virtual has no provider with a priority."""
    if len(names) == 1:
        return "package \"%s\" of %s depends on \"%s\", which \"%s\" provides, but nothing picks by itself; add it to packages" % (
            package.name,
            package.origin,
            requirement,
            names[0],
        )
    return "package \"%s\" of %s depends on \"%s\", which several packages provide: %s; add one of them to packages" % (
        package.name,
        package.origin,
        requirement,
        ", ".join(sorted(names)),
    )

def _close(packages, chosen, frontier):
    """Adds what leaves no choice: what only one package meets, and that picks it.

    Args:
        packages: struct from at_hand
        chosen: dict of name to package, added to
        frontier: list of packages of chosen whose requirements have not been looked at

    Returns:
        (err, choices): list of (package, constraint, names of packages that meet it)
    """
    choices = []
    for _ in range(_FOREVER):
        if not frontier:
            break
        added = []
        for package in frontier:
            for requirement in package.depends:
                if requirement[0].startswith("!"):
                    continue
                names = alternatives(packages, package, requirement)
                if len(names) == 1 and names[0] in chosen:
                    continue
                known = [name for name in names if name in packages.by_name]
                if not known:
                    return _unmet(package, requirement[0], packages.by_name), None
                candidate = packages.by_name[known[0]][0]
                if len(names) > 1 or not is_picked(candidate, requirement[0]):
                    choices.append((package, requirement[0], names))
                elif candidate.name not in chosen:
                    chosen[candidate.name] = candidate
                    added.append(candidate)
        frontier = added
    return None, choices

def _triggered(packages, chosen, waiting):
    """Packages whose install_if holds."""
    return [
        package
        for package in waiting
        if all([
            [name for name in alternatives(packages, package, requirement) if name in chosen]
            for requirement in package.install_if
        ])
    ]

def _without_choice(packages, roots):
    """Works the packages of an image out as far as that is possible without having to choose.

    Returns:
        (err, chosen): chosen is a dict of name to package, or None: there is something to choose
    """
    chosen = {root.name: root for root in roots}
    err, choices = _close(packages, chosen, chosen.values())
    if err:
        return err, None
    first = chosen.values()
    waiting = [same[0] for same in packages.by_name.values() if same[0].install_if]
    for _ in range(_FOREVER):
        waiting = [package for package in waiting if package.name not in chosen]
        frontier = _triggered(packages, chosen, waiting) if waiting else []
        if not frontier:
            break
        for package in frontier:
            chosen[package.name] = package
        err, more = _close(packages, chosen, frontier)
        if err:
            return err, None
        choices.extend(more)

    if not choices:
        return None, chosen

    # One provider, which is required by its own name before anything is there for its install_if, is all that a choice
    # may find: such names are decided before all others.
    required = {root.name: True for root in roots}
    for package in first:
        for needs, _ in package.depends:
            if not needs.startswith("!"):
                required[constraint_name(needs)] = True
    for _, _, names in choices:
        inside = [name for name in names if name in chosen]
        if len(inside) != 1 or inside[0] not in required:
            return None, None
    return None, chosen

def _conflict(chosen):
    """Looks for packages that exclude one another whatever their version.

    Returns:
        string, or None
    """
    conflicts = []
    for package in chosen.values():
        conflicts.extend([
            (package, needs[1:])
            for needs, _ in package.depends
            if needs.startswith("!") and constraint_name(needs) == needs[1:]
        ])
    if not conflicts:
        return None
    wanted = {name: True for _, name in conflicts}
    provides = {}
    for package in chosen.values():
        for provide in package.provides:
            name = constraint_name(provide)
            if name in wanted:
                provides.setdefault(name, []).append(package.name)
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

def image_packages(*, roots, available):
    """Works out an image's packages.

    A package is a struct with the fields of ApkPackageInfo that say what it is called and what it wants: `name`,
    `version`, `id`, `origin`, `locked`, `depends`, `provides`, `provider_priority`, `install_if`.

    Where a root and another package at hand have one name, the root is the one that is meant.

    Args:
        roots: list of packages that the image names
        available: list of packages at hand, roots among them

    Returns:
        (err, packages): the packages in install order.
    """
    packages = at_hand(available = available, roots = roots)
    named = {}
    for root in roots:
        if named.setdefault(root.name, root).id != root.id:
            return _clash(named[root.name], root, "two images that need both use two locks"), None
    err, chosen = _without_choice(packages, named.values())
    if err:
        return err, None
    stands = {}
    if not chosen:
        open, decided = decide(packages, roots = named.keys())
        if open:
            return _unchosen(packages.by_name[open.package][0], open.needs, open.names), None
        chosen, stands = decided.chosen, decided.stands
    for name in chosen:
        same = packages.by_name[name]
        if len(same) > 1:
            return _clash(same[0], same[1], "name the one that is meant in packages"), None
    ordered = install_order(packages, chosen = chosen, roots = named.keys(), stands = stands)
    err = _conflict({package.name: package for package in ordered})
    if err:
        return err, None

    # What is built here changes more often than what is locked: its layers lie above.
    return None, (
        [package for package in ordered if package.locked] +
        [package for package in ordered if not package.locked]
    )
