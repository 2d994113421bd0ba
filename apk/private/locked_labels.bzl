"""locked_labels: labels of a hub's packages, by their names."""

load("//apk/private:nearest.bzl", "nearest")

visibility("public")  # Loaded by the repositories that the module extension makes.

def label_problem(name, *, config, hub, names):
    """Looks for what is wrong with the name of a package.

    Args:
        name: string
        config: string, path of apk.yaml in the workspace
        hub: string, the hub's name
        names: dict with the names that the hub has; empty while there is no lock: then all may be

    Returns:
        string, or None
    """
    if name in names or not names:
        return None
    near = nearest(name, names)
    return "@%s has no package \"%s\"; %s to packages in %s and run: bazel run @%s//:lock" % (
        hub,
        name,
        "did you mean \"%s\"? If not, add it" % near if near else "add it",
        config,
        hub,
    )

def _labels(wanted, *, config, hub, names, root):
    for name in wanted:
        problem = label_problem(name, config = config, hub = hub, names = names)
        if problem:
            fail(problem)
    return [root.relative("//%s:%s" % (name, name)) for name in wanted]

def locked_labels(*, config, hub, names, root):
    """Makes the function `packages` of a hub.

    Args:
        config: string, path of apk.yaml in the workspace
        hub: string, the hub's name
        names: list of names of packages that the hub has; empty while there is no lock
        root: Label of anything in the hub

    Returns:
        function that takes a list of names and returns a list of Labels
    """
    known = {name: True for name in names}
    return lambda wanted: _labels(wanted, config = config, hub = hub, names = known, root = root)
