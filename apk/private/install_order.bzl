"""The order in which apk installs packages."""

load("//apk/private:names.bzl", "constraint_name")
load("//apk/private:requirements.bzl", "alternatives")

visibility(["//apk/..."])

_FOREVER = 1 << 30
_MASK = (1 << 32) - 1
_BUCKETS = 20000

# What install_order has to do with a package: see whether it is there, put it there, or see whether its install_if is met.
_VISIT = 0
_INSTALL = 1
_COMPLETE = 2
_BYTES = {chr: code + 32 for code, chr in enumerate((
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
).elems())}

def _rotate(number, bits):
    return ((number << bits) | (number >> (32 - bits))) & _MASK

def _mix(word):
    return _rotate(word * 0xcc9e2d51 & _MASK, 15) * 0x1b873593 & _MASK

def bucket(name):
    """The place of a name in apk's hash table, over which apk walks where nothing else orders names.

    It is MurmurHash3 (x86, 32 bits), modulo the number of buckets.

    Args:
        name: string

    Returns:
        int
    """
    codes = [_BYTES.get(char, 0) for char in name.elems()]
    state = 5381
    whole = len(codes) // 4 * 4
    for i in range(0, whole, 4):
        word = codes[i] | codes[i + 1] << 8 | codes[i + 2] << 16 | codes[i + 3] << 24
        state = (_rotate(state ^ _mix(word), 13) * 5 + 0xe6546b64) & _MASK
    tail = 0
    for i, code in enumerate(codes[whole:]):
        tail |= code << 8 * i
    if whole < len(codes):
        state = state ^ _mix(tail)
    state = state ^ len(codes)
    state = (state ^ state >> 16) * 0x85ebca6b & _MASK
    state = (state ^ state >> 13) * 0xc2b2ae35 & _MASK
    return (state ^ state >> 16) % _BUCKETS

def fold(name):
    """The key that sorts names as apk sorts the world: without regard to case first.

    Args:
        name: string

    Returns:
        value to sort by
    """
    return (name.lower(), name)

def waiters(packages, waiting):
    """Sorts packages with install_if by what they wait for.

    Args:
        packages: struct from at_hand
        waiting: list of packages with install_if

    Returns:
        dict of package name to dict of condition name to list of packages that wait for the package by that name, in
        the order in which apk looks at them
    """
    found = {}
    for package in waiting:
        for requirement in package.install_if:
            name = constraint_name(requirement[0])
            for by in alternatives(packages, package, requirement):
                same = found.setdefault(by, {}).setdefault(name, [])
                if package not in same:
                    same.append(package)
    for by_condition in found.values():
        for name, same in by_condition.items():
            if len(same) > 1:
                by_condition[name] = sorted(same, key = _first_bucket)
    return found

def _first_bucket(package):
    names = {package.name: True} | {constraint_name(provide): True for provide in package.provides}
    return min([(bucket(name), name) for name in names])

def _completed(package, by_condition):
    """The packages that wait for a package, in the order in which apk looks at them once it is installed."""
    if len(by_condition) == 1:
        return by_condition.values()[0]
    found = []
    for name in [package.name] + [constraint_name(provide) for provide in package.provides]:
        found.extend(by_condition.get(name, []))
    return found

def install_order(packages, *, roots, chosen, stands):
    """Puts packages into the order in which apk installs them.

    Depth first from what is asked for, what is needed before what needs it, and after a package those whose install_if
    it completes.

    Args:
        packages: struct from at_hand
        roots: list of names of packages that the image names
        chosen: dict of name to package, what the image has
        stands: dict of constraint to dict of the names of packages that meet it to whether this is the one that stands
            for it, where it leaves a choice

    Returns:
        list of packages; those that nothing leads to are left out
    """
    waiting = waiters(packages, [package for package in chosen.values() if package.install_if])
    ordered = []
    begun = {}

    # A constraint that something met before is not looked at again, whatever stands for it.
    goes_by = {}
    standing = {}
    for needs, by in stands.items():
        for name, stands_for_it in by.items():
            goes_by.setdefault(name, []).append(needs)
            if stands_for_it:
                standing[needs] = name
    met = {}

    # What is left to do, the next last: what, the name of a package, and the constraint that leads to it.
    todo = [(_VISIT, name, name) for name in sorted(roots, key = fold, reverse = True)]
    for _ in range(_FOREVER):
        if not todo:
            break
        what, name, needs = todo.pop()
        package = chosen[name]
        if what == _INSTALL:
            ordered.append(package)
            if name in waiting:
                todo.extend([
                    (_COMPLETE, waiter.name, waiter.name)
                    for waiter in reversed(_completed(package, waiting[name]))
                ])
            continue
        if name in begun or needs in met or what == _COMPLETE and not _all_begun(packages, package, begun):
            continue
        begun[name] = True
        for other in goes_by.get(name, []):
            met[other] = True
        todo.append((_INSTALL, name, name))
        for requirement in reversed(package.depends):
            needs = requirement[0].removeprefix("!")
            for other in [standing[needs]] if needs in standing else alternatives(packages, package, requirement):
                if other in chosen:
                    todo.append((_VISIT, other, needs))
                    break
    return ordered

def _all_begun(packages, package, begun):
    for requirement in package.install_if:
        if not [by for by in alternatives(packages, package, requirement) if by in begun]:
            return False
    return True
