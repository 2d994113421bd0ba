"""Which packages of an image share a layer."""

visibility(["//apk/..."])

_UNKNOWN = 1 << 62  # As large as can be: a package that was built here is a layer that changes often.

def _budget(layering):
    """Reads a number of layers.

    Returns:
        int, or None
    """
    return int(layering) if layering.isdigit() and int(layering) >= 2 else None

def layer_groups(sizes, layering):
    """Parts packages into layers. Below a budget each is one; above it, the smallest share one.

    Args:
        sizes: list of ints, bytes of each package's layer in install order, None where that is not known
        layering: string: `package`, one layer for each; `single`, one for all; or a number, of layers at most, of which
            one is the system layer's

    Returns:
        (err, groups): list of lists of indexes into sizes, the lowest layer first. A group of several is the last:
        what is merged has to be above what is not.
    """
    each = [[i] for i in range(len(sizes))]
    if layering == "package":
        return None, each
    if layering == "single":
        return None, [list(range(len(sizes)))]
    budget = _budget(layering)
    if budget == None:
        return "layering is \"%s\", want package, single, or a number of layers of at least 2" % layering, None
    if len(sizes) < budget:
        return None, each
    by_size = sorted(range(len(sizes)), key = lambda i: _UNKNOWN if sizes[i] == None else sizes[i])
    shared = {i: True for i in by_size[:len(sizes) - (budget - 2)]}
    return None, [[i] for i in range(len(sizes)) if i not in shared] + [sorted(shared)]
