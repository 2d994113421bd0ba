"""Tests of image_packages.bzl."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//apk/private:image_packages.bzl", "image_packages")

visibility("private")

def _locked(name, version = "1-r0", hub = "@w", depends = (), install_if = (), **kwargs):
    return _package(
        name,
        depends = _met(depends),
        id = hub + name + version,
        install_if = _met(install_if),
        locked = True,
        origin = hub,
        repository = 0,
        version = version,
        **kwargs
    )

def _met(requirements):
    """Requirements as a lock has them, of names, or of pairs of a constraint and the names that meet it."""
    return tuple([
        requirement if type(requirement) == "tuple" else (requirement, (requirement,))
        for requirement in requirements
    ])

def _built(name, version = "1-r0", requires = (), install_if = (), **kwargs):
    return _package(
        name,
        depends = tuple([(constraint, None) for constraint in requires]),
        id = "//:" + name,
        install_if = tuple([(constraint, None) for constraint in install_if]),
        locked = False,
        origin = "//:" + name,
        repository = -1,
        version = version,
        **kwargs
    )

def _package(name, **kwargs):
    fields = {"provider_priority": 0, "provides": ()}
    fields.update(kwargs)
    return struct(name = name, **fields)

def _names(roots, available):
    by_name = {package.name: package for package in reversed(available)}
    err, packages = image_packages(available = available, roots = [by_name[name] for name in roots])
    return err or [package.name for package in packages]

_LOCKED = [
    _locked("baselayout"),
    _locked("musl", provides = ("so:libc.musl.so.1=1",)),
    _locked("busybox", depends = ("musl",)),
    _locked("openssl", depends = ("libssl", "musl")),
    _locked("libssl", depends = ("musl",)),
    _locked("ssl_client", depends = ("libssl", "musl"), install_if = (("busybox=1-r0", ("busybox",)), "libssl")),
    _locked("ssl_client-doc", install_if = ("ssl_client",)),
    _locked("unused"),
    _locked("a", depends = ("b",)),
    _locked("b", depends = ("a", "musl")),
]

def _closure_test_impl(ctx):
    env = unittest.begin(ctx)
    for what, roots, want in [
        ("only what is asked for", ["musl"], ["musl"]),
        ("dependencies, in install order", ["openssl"], ["musl", "libssl", "openssl"]),
        ("roots in any order", ["busybox", "baselayout"], ["baselayout", "musl", "busybox"]),
        (
            "install_if, and what that leads to",
            ["openssl", "busybox"],
            ["musl", "busybox", "libssl", "ssl_client", "ssl_client-doc", "openssl"],
        ),
        ("a circle", ["b"], ["a", "musl", "b"]),
        ("a root twice", ["musl", "musl"], ["musl"]),
    ]:
        asserts.equals(env, want, _names(roots, _LOCKED), what)
    return unittest.end(env)

closure_test = unittest.make(_closure_test_impl)

def _install_if_test_impl(ctx):
    """Of a package that was built here; what a lock says is tested beside apk, in Go."""
    env = unittest.begin(ctx)
    for what, conditions, want in [
        ("by provide", ("so:libc.musl.so.1",), True),
        ("by provide and version", ("so:libc.musl.so.1=1",), True),
        ("another version", ("musl=2-r0",), False),
        ("one of two", ("musl", "busybox"), False),
        # apk 2.14 does not take absence for an answer.
        ("something not there", ("musl", "!busybox"), False),
        ("something there", ("!musl",), False),
        ("there at another version", ("musl", "!musl=2-r0"), True),
    ]:
        available = _LOCKED + [_built("extra", install_if = conditions)]
        asserts.equals(env, ["musl", "extra"] if want else ["musl"], _names(["musl"], available), what)
    return unittest.end(env)

install_if_test = unittest.make(_install_if_test_impl)

def _built_packages_test_impl(ctx):
    env = unittest.begin(ctx)
    for what, built, want in [
        ("by name and version", [_built("app", requires = ("musl>=1", "libssl"))], ["musl", "libssl", "app"]),
        ("by provide", [_built("app", requires = ("so:libc.musl.so.1",))], ["musl", "app"]),
        (
            "after what it depends on",
            [_built("app", requires = ("zdata",)), _built("zdata")],
            ["zdata", "app"],
        ),
        (
            "after what provides what it depends on",
            [_built("app", requires = ("cmd:z",)), _built("z", provides = ("cmd:z=1",))],
            ["z", "app"],
        ),
        (
            "of several that provide it, the one that is there",
            [
                _built("app", requires = ("sh", "dash")),
                _built("bash", provides = ("sh",)),
                _built("dash", provides = ("sh",)),
            ],
            ["dash", "app"],
        ),
        (
            "of several that provide it, the one with a version",
            [
                _built("app", requires = ("sh",)),
                _built("bash", provides = ("sh",)),
                _built("dash", provides = ("sh=1",)),
            ],
            ["dash", "app"],
        ),
        (
            "in a circle",
            [_built("app", requires = ("peer",)), _built("peer", requires = ("app",))],
            ["peer", "app"],
        ),
    ]:
        asserts.equals(env, want, _names(["app"], built + _LOCKED), what)
    return unittest.end(env)

built_packages_test = unittest.make(_built_packages_test_impl)

def _root_wins_test_impl(ctx):
    """A root stands for its name, also for what a lock resolved to its own package of that name."""
    env = unittest.begin(ctx)
    mine = _built("musl", version = "9-r0")
    busybox = _LOCKED[2]
    err, packages = image_packages(available = _LOCKED + [mine], roots = [busybox, mine])
    asserts.equals(env, None, err)
    asserts.equals(env, [("busybox", "@w"), ("musl", "//:musl")], [(p.name, p.origin) for p in packages])
    return unittest.end(env)

root_wins_test = unittest.make(_root_wins_test_impl)

def _errors_test_impl(ctx):
    env = unittest.begin(ctx)
    other = _locked("musl", hub = "@x", version = "2-r0")
    clash = "two packages are called \"musl\": musl-1-r0 of @w and musl-2-r0 of @x, want one; "
    for what, roots, available, want in [
        ("two roots with one name", [_LOCKED[1], other], _LOCKED + [other], clash + "two images that need both use two locks"),
        (
            "two locks that clash below their roots",
            [_LOCKED[2], _locked("zlib", depends = ("musl",), hub = "@x")],
            _LOCKED + [other],
            clash + "name the one that is meant in packages",
        ),
        (
            "nothing has the name",
            [_built("app", requires = ("libsl",))],
            _LOCKED,
            "package \"app\" of //:app depends on \"libsl\", which no package at hand provides; " +
            "the nearest is \"libssl\"; add a package that does to deps",
        ),
        (
            "too many have it",
            [_built("app", requires = ("sh",))],
            [_built("bash", provides = ("sh",)), _built("dash", provides = ("sh",))],
            "package \"app\" of //:app depends on \"sh\", which several packages provide: bash, dash; " +
            "add one of them to packages",
        ),
        (
            "nothing picks the only one",
            [_built("app", requires = ("sh",))],
            [_built("bash", provides = ("sh",))],
            "package \"app\" of //:app depends on \"sh\", which \"bash\" provides, but nothing picks by itself; add it to packages",
        ),
        (
            "a locked package excludes another",
            [_locked("inetutils", depends = (("!busybox", ()),)), _LOCKED[2]],
            _LOCKED,
            "package \"inetutils\" of @w excludes \"busybox\", and busybox-1-r0 of @w is in the image, too",
        ),
        (
            "a built package excludes what another provides",
            [_built("app", requires = ("!so:libc.musl.so.1",)), _LOCKED[1]],
            _LOCKED,
            "package \"app\" of //:app excludes \"so:libc.musl.so.1\", and musl-1-r0 of @w is in the image, too",
        ),
    ]:
        err, _ = image_packages(available = available + roots, roots = roots)
        asserts.equals(env, want, err, what)

    # With a version it is for the system layer to say, and a package does not exclude itself.
    for excluded in [("!busybox<1", ()), ("!inetutils", ())]:
        roots = [_locked("inetutils", depends = (excluded,)), _LOCKED[2]]
        err, _ = image_packages(available = _LOCKED + roots, roots = roots)
        asserts.equals(env, None, err)
    return unittest.end(env)

errors_test = unittest.make(_errors_test_impl)

def _beside_a_lock_test_impl(ctx):
    """What was built here can be what a locked package depends on, and the other way round."""
    env = unittest.begin(ctx)
    locked = [
        _locked("app", depends = (("java", ("jdk17", "jdk11")),)),
        _locked("jdk11", provides = ("java",)),
        _locked("jdk17", provides = ("java",)),
    ]
    java = _built("java", version = "21-r0")
    jdk21 = _built("jdk21", provides = ("java",), provider_priority = 10)
    for what, roots, want in [
        ("a package of that name, named", [locked[0], java], ["app", "java"]),
        ("a package that provides it, named", [locked[0], jdk21], ["app", "jdk21"]),
        ("a locked one, named", [locked[0], locked[1]], ["jdk11", "app"]),
    ]:
        err, packages = image_packages(available = locked + roots, roots = roots)
        asserts.equals(env, None, err, what)
        asserts.equals(env, want, [package.name for package in packages or []], what)
    err, packages = image_packages(available = locked + [jdk21], roots = locked[:1])
    asserts.equals(env, (None, ["app", "jdk21"]), (err, [package.name for package in packages]), "its priority picks it")
    return unittest.end(env)

beside_a_lock_test = unittest.make(_beside_a_lock_test_impl)

def image_packages_test_suite(name):
    unittest.suite(name, closure_test, beside_a_lock_test, install_if_test, built_packages_test, root_wins_test, errors_test)
