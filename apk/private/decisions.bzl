"""What apk chooses where a requirement leaves a choice.

apk 2.14 does not search. It takes one name after the other, and the order in which it does so decides who is there
already when a choice comes up. This is that order, among packages of which all could be installed together: nothing that
it chooses rules anything out.
"""

load("//apk/private:install_order.bzl", "fold", "waiters")
load("//apk/private:names.bzl", "constraint_name")
load("//apk/private:requirements.bzl", "alternatives", "is_picked")

visibility(["//apk/..."])

_FOREVER = 1 << 30

def _name(name):
    """What is known of a name that something may require."""
    return {
        "asked_by": None,  # name of the first package that requires it
        "dependents": [],  # names that could bring the requirement along
        "depth": 0,  # of the longest chain of requirements below it
        "foreign": False,  # whether only packages of other names go by it
        "has_options": False,
        "is_dirty": False,
        "is_open": False,
        "listed": (),  # the packages that go by it, in the order in which apk comes upon them
        "is_triggered": False,  # its package is wanted for its install_if
        "mixed": False,  # whether some packages of other names go by it
        "name": name,
        "needs": name,
        "no_dependent_left": False,  # all that could require it is decided
        "redo_trigger": False,
        "required": 0,
        "stands": None,  # the package that stands for it
    }

def _discover(packages, roots, waiting):
    """Walks over all that the roots could lead to, as apk does, depth first.

    Returns:
        struct of
            names: dict of name to dict as _name returns it
            providers: dict of name to list of package names, in apk's order of preference
            requires: dict of package name to list of names
            names_of: dict of package name to list of names that it goes by
    """
    names = {}
    providers = {}
    requires = {}
    mentions = {}  # what requires has, and what packages exclude in part
    depths = {}  # of packages

    # Frames of the walk: [name, what is left of its packages, what is left of the current one's requirements].
    frames = []
    arrivals = [(name, name, [name]) for name in reversed(roots)]
    for _ in range(_FOREVER):
        if not frames:
            if not arrivals:
                break
            name, needs, by = arrivals.pop()
            if name not in names:
                _arrive(packages, names, providers, frames, name, needs, by)
            continue
        frame = frames[-1]
        name, left, requirements, followers = frame
        if requirements:
            target, needs, by = requirements.pop()
            if target not in names:
                requirements.append((target, needs, by))
                _arrive(packages, names, providers, frames, target, needs, by)
                continue
            depths[left[-1]] = max(depths[left[-1]], names[target]["depth"] + 1)
            if not requirements:
                _leave_package(names[name], depths, left)
            continue
        if left:
            package = packages.by_name[left[-1]][0]
            if package.name in depths:
                _leave_package(names[name], depths, left)
                continue
            depths[package.name] = 0
            found = [
                (constraint_name(needs), needs, alternatives(packages, package, (needs, by)))
                for needs, by in package.depends
            ]

            # Nothing brings along what a package excludes in part: it need not be at hand.
            found = [
                (target, needs, by)
                for target, needs, by in found
                if by and (not needs.startswith("!") or [name for name in by if name in packages.by_name] == list(by))
            ]
            mentions[package.name] = [target for target, _, _ in found]
            requires[package.name] = [target for target, needs, _ in found if not needs.startswith("!")]
            frame[2] = found[::-1]
            if not found:
                _leave_package(names[name], depths, left)
            continue
        if followers == None:
            frame[3] = [
                (waiter.name, waiter.name, [waiter.name])
                for package in reversed(names[name]["listed"])
                for same in waiting.get(package, {}).values()
                for waiter in reversed(same)
            ]
            continue
        if followers:
            target, needs, by = followers.pop()
            if target not in names:
                _arrive(packages, names, providers, frames, target, needs, by)
            continue
        frames.pop()

    names_of = {package: [] for package in depths}
    for name, by in providers.items():
        for package in by:
            names_of[package].append(name)
    for name, by in providers.items():
        for package in by:
            for target in mentions[package]:
                if name not in names[target]["dependents"]:
                    names[target]["dependents"].append(name)
    return struct(names = names, names_of = names_of, providers = providers, requires = requires)

def _arrive(packages, names, providers, frames, name, needs, by):
    state = _name(name)
    state["needs"] = needs
    others = [package for package in by if package != name]
    state["foreign"] = bool(by) and len(others) == len(by)
    state["mixed"] = bool(others) and len(others) < len(by)
    names[name] = state
    providers[name] = list(by)
    state["listed"] = sorted(by, key = lambda package: _place(packages.by_name[package][0]))
    frames.append([name, state["listed"][::-1], [], None])

def _place(package):
    """Where apk comes upon a package: by repository, and in each by name."""
    return (package.repository, fold(package.name))

def _leave_package(state, depths, left):
    state["depth"] = max(state["depth"], depths[left.pop()])

def _rank(state):
    return 2 if state["foreign"] else 1 if state["mixed"] else 0

def _queue_dirty(walk, state):
    if state["is_dirty"] or state["stands"] or not (state["required"] or state["redo_trigger"]):
        return
    state["is_dirty"] = True
    walk.dirty.append(state)

def _queue_open(walk, state):
    if state["is_open"] or state["stands"] or not (state["required"] or state["is_triggered"]):
        return
    state["is_open"] = True
    walk.open.append(state)

def _require(walk, name, asked_by):
    state = walk.names[name]
    state["asked_by"] = state["asked_by"] or asked_by
    state["required"] += 1
    if state["required"] == 1:
        _queue_open(walk, state)
        _queue_dirty(walk, state)

def _reconsider(packages, walk, state):
    """Looks at a name again: what all that can stand for it require is required."""
    by = state["listed"]
    if state["redo_trigger"]:
        state["redo_trigger"] = False
        for name in by:
            if _is_triggered(packages, walk, packages.by_name[name][0]):
                state["is_triggered"] = True
    if state["required"]:
        state["has_options"] = len(by) > 1
        for target in walk.requires[by[0]] if by else []:
            if len(by) == 1:
                _require(walk, target, by[0])
            elif not walk.names[target]["required"] and not [
                other
                for other in by[1:]
                if target not in walk.requires[other]
            ]:
                _require(walk, target, by[0])
    _queue_open(walk, state)
    state["no_dependent_left"] = not [
        name
        for name in state["dependents"]
        if not walk.names[name]["stands"]
    ]

def _is_triggered(packages, walk, package):
    if not package.install_if:
        return False
    for requirement in package.install_if:
        if not [by for by in alternatives(packages, package, requirement) if by in walk.chosen]:
            return False
    return True

def _next(walk):
    """Takes the name to decide from those that are open.

    Returns:
        dict as _name returns it, or None
    """
    best = None
    for i in range(len(walk.open) - 1, -1, -1):
        state = walk.open[i]
        if state["no_dependent_left"] and state["required"] and not state["has_options"]:
            best = i
            break
        if best == None or _key(walk, state) < _key(walk, walk.open[best]):
            best = i
    return None if best == None else walk.open.pop(best)

def _key(walk, state):
    return (state["name"] not in walk.roots, _rank(state), -state["depth"], not state["required"])

def _assign(packages, walk, waiting, name):
    """Chooses a package: it stands for all names that it goes by and that nothing stands for."""
    walk.chosen[name] = packages.by_name[name][0]
    for other in walk.names_of[name]:
        state = walk.names[other]
        if state["stands"]:
            continue
        state["stands"] = name
        state["is_dirty"] = False
        if state["is_open"]:
            state["is_open"] = False
            if state in walk.open:
                walk.open.remove(state)
        for dependent in state["dependents"]:
            _queue_dirty(walk, walk.names[dependent])
    for same in waiting.get(name, {}).values():
        for waiter in same:
            for other in walk.names_of[waiter.name]:
                state = walk.names[other]
                state["redo_trigger"] = True
                _queue_dirty(walk, state)

def _decide(packages, walk, waiting, state):
    """Chooses a package for a name.

    Returns:
        whether there was one to choose
    """
    for name in walk.providers[state["name"]]:
        package = packages.by_name[name][0]
        if not state["required"] and not _is_triggered(packages, walk, package):
            continue
        if is_picked(package, state["needs"]) or walk.names.get(name, {}).get("required"):
            _assign(packages, walk, waiting, name)
            for target in walk.requires[name]:
                _require(walk, target, name)
            return True
    return False

def decide(packages, *, roots):
    """Chooses what an image has, as apk does, step by step.

    Args:
        packages: struct from at_hand
        roots: list of names of packages that the image names

    Returns:
        (refusal, value): refusal is None, or a struct of needs, a constraint that apk chooses no package for, package,
        the name of one that requires it, and names of those that meet it. value is a struct of
            chosen: dict of name to package
            stands: dict as install_order takes it
    """
    waiting = waiters(packages, [same[0] for same in packages.by_name.values() if same[0].install_if])
    roots = sorted({name: True for name in roots}, key = fold)
    found = _discover(packages, roots, waiting)
    walk = struct(
        chosen = {},
        dirty = [],
        names = found.names,
        names_of = found.names_of,
        open = [],
        providers = found.providers,
        requires = found.requires,
        roots = {name: True for name in roots},
    )
    for name in roots:
        _require(walk, name, None)
    for _ in range(_FOREVER):
        for _ in range(_FOREVER):
            if not walk.dirty:
                break
            state = walk.dirty.pop(0)
            if state["is_dirty"]:
                state["is_dirty"] = False
                _reconsider(packages, walk, state)
        state = _next(walk)
        if not state:
            break
        state["is_open"] = False
        if not _decide(packages, walk, waiting, state) and state["required"]:
            return struct(
                names = walk.providers[state["name"]],
                needs = state["needs"],
                package = state["asked_by"],
            ), None
    return None, struct(
        chosen = walk.chosen,
        stands = {
            state["needs"]: {package: package == state["stands"] for package in walk.providers[name]}
            for name, state in walk.names.items()
            if _rank(state) and state["stands"]
        },
    )
