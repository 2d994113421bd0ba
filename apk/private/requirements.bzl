"""What meets a requirement among the packages that an image can have."""

load("//apk/private:names.bzl", "constraint_name")

visibility(["//apk/..."])

def _by_name(roots, available):
    """Sorts packages by name, each package once. A root is the one that its name means.

    Returns:
        dict of name to list of packages
    """
    found = {}
    for package in available:
        same_name = found.setdefault(package.name, [])
        if package.id not in [other.id for other in same_name]:
            same_name.append(package)
    for root in roots:
        found[root.name] = [root]
    return found

def _index(by_name):
    """Sorts what packages go by.

    Returns:
        dict of name to list of (package, version); a version of "" is that of a virtual
    """
    index = {}
    for packages in by_name.values():
        package = packages[0]
        index.setdefault(package.name, []).append((package, package.version))
        for provide in package.provides:
            name = constraint_name(provide)
            version = provide.removeprefix(name).lstrip("<>=~")
            index.setdefault(name, []).append((package, version))
    return index

def at_hand(*, roots, available):
    """Prepares the packages that an image can have.

    Args:
        roots: list of packages that the image names
        available: list of packages at hand, roots among them

    Returns:
        struct of
            by_name: dict of name to list of packages; more than one where locks disagree
            index: dict as _index returns it, or None: all packages are of one lock, which says what meets what
            memo: dict that alternatives keeps answers in
    """
    by_name = _by_name(roots, available)
    origins = {package.origin: True for packages in by_name.values() for package in packages}
    mixed = len(origins) > 1 or [package for package in roots if not package.locked]
    return struct(
        by_name = by_name,
        index = _index(by_name) if mixed else None,
        memo = {},
    )

def _matches(needs, name, version):
    """Whether a version is one that a constraint speaks of.

    Of operators it knows "=" only; the system layer's action compares versions once more, as apk does.
    """
    constraint = needs.removeprefix("!").removeprefix(name).partition("@")[0]
    if not constraint:
        return True
    if not version:
        return False
    return not constraint.startswith("=") or constraint[1:] == version

def _met_anew(packages, origin, needs, by):
    """Looks beyond what a lock knows: at packages that were built here, and those of other locks."""
    name = constraint_name(needs)
    unwanted = needs.startswith("!")
    found = {other: True for other in by or () if other in packages.by_name}
    for package, version in packages.index.get(name, []):
        if by != None and package.locked and package.origin == origin:
            continue  # its lock has said whether it meets it
        if _matches(needs, name, version) != unwanted:
            found[package.name] = True
    return sorted(found, key = lambda other: -packages.by_name[other][0].provider_priority)

def alternatives(packages, package, requirement):
    """Names the packages that meet a requirement, in the order in which apk prefers them.

    Args:
        packages: struct from at_hand
        package: the package that has the requirement
        requirement: (constraint, names of those that meet it in its lock, or None where no lock says it)

    Returns:
        list or tuple of strings
    """
    needs, by = requirement
    if not packages.index:
        return by
    key = (package.origin if by != None else None, needs)
    if key not in packages.memo:
        packages.memo[key] = _met_anew(packages, package.origin, needs, by)
    return packages.memo[key]

def is_picked(package, needs):
    """Whether a requirement is a reason to take a package that meets it.

    It is not where the package has the name as a virtual, without a priority: then somebody else has to ask for it.

    Args:
        package: package that meets it
        needs: string, the constraint

    Returns:
        bool
    """
    if package.provider_priority:
        return True
    name = needs.partition("@")[0]
    if name == package.name or name not in package.provides or constraint_name(name) != name:
        return True
    return bool([provide for provide in package.provides if provide != name and constraint_name(provide) == name])
