"""What the targets of a hub depend on: the lock's edges, as a graph without cycles."""

load("//apk/private:components.bzl", "components")

visibility(["//apk/..."])

def install_if_edges(packages):
    """Edges that bring packages with install_if along with the packages that they wait for.

    All of its conditions have to be in an image before such a package is: that it comes along with one of them is
    enough to find it, and least is dragged along by the one with the fewest users.

    Args:
        packages: list of dicts, the lock's packages of one arch

    Returns:
        dict of package name to list of names of packages that wait for it
    """
    users = {}
    for package in packages:
        for name in needed(package):
            users[name] = users.get(name, 0) + 1

    edges = {}
    for waiter in packages:
        ranked = sorted([
            (len(requirement["by"]), _sum([users.get(provider, 0) for provider in requirement["by"]]), requirement["needs"], i)
            for i, requirement in enumerate(waiter.get("install_if", []))
        ])
        if not ranked:
            continue
        for provider in waiter["install_if"][ranked[0][3]]["by"]:
            if provider != waiter["name"]:
                edges.setdefault(provider, []).append(waiter["name"])
    return edges

def needed(package):
    """Names what a package may bring along for what it depends on.

    Args:
        package: dict, a package of the lock

    Returns:
        list of names, each once
    """
    return {
        name: True
        for requirement in package.get("depends", [])
        if not requirement["needs"].startswith("!")
        for name in requirement["by"]
        if name != package["name"]
    }.keys()

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
            packages: dict of package name to list of archs that it is locked for
            deps: dict of package name to sorted list of package names, for those outside cycles
            cycles: dict of the first name of a cycle to struct of members and deps, sorted lists of package names
    """
    by_arch = {}
    for package in lock["packages"]:
        by_arch.setdefault(package["arch"], []).append(package)

    packages = {}
    edges = {}
    for arch, members in by_arch.items():
        for package in members:
            name = package["name"]
            packages.setdefault(name, []).append(arch)
            targets = edges.setdefault(name, {})
            for target in needed(package):
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
