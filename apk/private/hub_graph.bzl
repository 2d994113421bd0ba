"""What the targets of a hub depend on: the lock's edges, as a graph without cycles."""

load("//apk/private:components.bzl", "components")
load("//apk/private:names.bzl", "constraint_name")

visibility(["//apk/..."])

def _providers(packages, wanted):
    """For some names, which packages stand for them.

    Args:
        packages: list of dicts, the lock's packages of one arch
        wanted: dict whose keys are the names

    Returns:
        dict of name to list of package names
    """
    providers = {name: {} for name in wanted}
    for package in packages:
        if package["name"] in providers:
            providers[package["name"]][package["name"]] = True
        for provide in package.get("provides", []):
            name = constraint_name(provide)
            if name in providers:
                providers[name][package["name"]] = True
    return {name: found.keys() for name, found in providers.items()}

def install_if_edges(packages):
    """Edges that bring packages with install_if along with the packages that they wait for.

    All of its conditions have to be in an image before such a package is: that it comes along with one of them is
    enough to find it, and least is dragged along by the one with the fewest users.

    Args:
        packages: list of dicts, the lock's packages of one arch

    Returns:
        dict of package name to list of names of packages that wait for it
    """
    waiting = [package for package in packages if package.get("install_if")]
    if not waiting:
        return {}
    conditions = {
        package["name"]: [constraint_name(raw) for raw in package["install_if"] if not raw.startswith("!")]
        for package in waiting
    }
    providers = _providers(packages, {name: True for names in conditions.values() for name in names})
    users = {}
    for package in packages:
        for name in package.get("depends", []):
            users[name] = users.get(name, 0) + 1

    edges = {}
    for waiter, names in conditions.items():
        ranked = sorted([
            (len(providers[name]), _sum([users.get(provider, 0) for provider in providers[name]]), name)
            for name in names
            if providers[name]
        ])
        if not ranked:
            continue
        for provider in providers[ranked[0][2]]:
            if provider != waiter:
                edges.setdefault(provider, []).append(waiter)
    return edges

def _sum(numbers):
    total = 0
    for number in numbers:
        total += number
    return total

def hub_graph(lock):
    """Works out the targets of a hub.

    Bazel allows no cycles between targets, and packages have them. The members of a cycle share one hidden target, the
    cycle's, that leads to all of them and to whatever any of them depends on.

    The edges of all archs are put together, so that queries see them without having to know about a platform.

    Args:
        lock: dict as parse_lock returns it

    Returns:
        struct of
            packages: dict of package name to dict of arch to position in the arch's install order
            deps: dict of package name to sorted list of package names, for those outside cycles
            cycles: dict of the first name of a cycle to struct of members and deps, sorted lists of package names
    """
    by_arch = {}
    for package in lock["packages"]:
        by_arch.setdefault(package["arch"], []).append(package)

    positions = {
        arch: {name: position for position, name in enumerate(names)}
        for arch, names in lock["install_order"].items()
    }
    packages = {}
    edges = {}
    for arch, members in by_arch.items():
        for package in members:
            name = package["name"]
            packages.setdefault(name, {})[arch] = positions[arch][name]
            targets = edges.setdefault(name, {})
            for target in package.get("depends", []):
                targets[target] = True
        for name, targets in install_if_edges(members).items():
            for target in targets:
                edges[name][target] = True

    lists = {name: sorted(targets) for name, targets in edges.items()}
    deps = {}
    cycles = {}
    for component in components(lists):
        if len(component) == 1:
            name = component[0]
            deps[name] = [target for target in lists[name] if target != name]
            continue
        inside = {name: True for name in component}
        outside = {
            target: True
            for name in component
            for target in lists[name]
            if target not in inside
        }
        cycles[component[0]] = struct(members = component, deps = sorted(outside))
    return struct(packages = packages, deps = deps, cycles = cycles)
