"""Tests of hub_graph.bzl."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//apk/private:hub_graph.bzl", "hub_graph", "install_if_edges")

visibility("private")

def _package(name, arch = "x86_64", **kwargs):
    package = {"arch": arch, "name": name}
    package.update(kwargs)
    return package

def _needs(*names):
    """Requirements that packages of the same names meet."""
    return [{"by": [name], "needs": name} for name in names]

def _graph(packages):
    return hub_graph({"packages": packages})

def _plain_test_impl(ctx):
    env = unittest.begin(ctx)
    graph = _graph([
        _package("musl"),
        _package("zlib", depends = _needs("musl")),
        _package("app", depends = _needs("zlib", "musl")),
    ])
    asserts.equals(env, {"app": ["musl", "zlib"], "musl": [], "zlib": ["musl"]}, graph.deps)
    asserts.equals(env, {"app": ["x86_64"], "musl": ["x86_64"], "zlib": ["x86_64"]}, graph.packages)
    asserts.equals(env, {}, graph.cycles)

    # All that may meet it may come along; what is excluded does not.
    graph = _graph([
        _package("app", depends = [{"by": ["a", "b"], "needs": "v"}, {"by": ["c"], "needs": "!c<1"}, {"needs": "!d"}]),
        _package("a"),
        _package("b"),
        _package("c"),
    ])
    asserts.equals(env, ["a", "b"], graph.deps["app"])
    return unittest.end(env)

plain_test = unittest.make(_plain_test_impl)

def _archs_test_impl(ctx):
    """Edges of all archs are there, and an arch that lacks a package is not listed."""
    env = unittest.begin(ctx)
    graph = _graph([
        _package("app", depends = _needs("a")),
        _package("a"),
        _package("app", arch = "aarch64", depends = _needs("b")),
        _package("b", arch = "aarch64"),
    ])
    asserts.equals(env, ["a", "b"], graph.deps["app"])
    asserts.equals(env, ["x86_64", "aarch64"], graph.packages["app"])
    asserts.equals(env, ["x86_64"], graph.packages["a"])
    return unittest.end(env)

archs_test = unittest.make(_archs_test_impl)

def _cycle_test_impl(ctx):
    env = unittest.begin(ctx)
    graph = _graph([
        _package("root", depends = _needs("b")),
        _package("b", depends = _needs("a", "outside")),
        _package("a", depends = _needs("b", "other")),
        _package("outside", depends = _needs("outside")),
        _package("other"),
    ])
    asserts.equals(env, {"other": [], "outside": [], "root": ["b"]}, graph.deps)
    asserts.equals(env, {"a": struct(deps = ["other", "outside"], members = ["a", "b"])}, graph.cycles)
    return unittest.end(env)

cycle_test = unittest.make(_cycle_test_impl)

def _install_if_test_impl(ctx):
    env = unittest.begin(ctx)
    packages = [
        _package("openrc"),
        _package("busybox", depends = _needs("openrc")),
        _package("chrony"),
        _package("chrony-openrc", install_if = _needs("openrc", "chrony")),
        _package("ppp", provides = ["ppp-daemon=2"]),
        _package("pptp", provides = ["ppp-daemon"]),
        _package("ifupdown", install_if = _needs("openrc") + [{"by": ["ppp", "pptp"], "needs": "ppp-daemon"}]),
        _package("docs"),
    ]
    asserts.equals(
        env,
        {"chrony": ["chrony-openrc"], "openrc": ["ifupdown"]},
        install_if_edges(packages),
        "the name with the fewest providers, then with the fewest users",
    )
    asserts.equals(env, ["chrony-openrc"], _graph(packages).deps["chrony"])
    return unittest.end(env)

install_if_test = unittest.make(_install_if_test_impl)

def _install_if_cycle_test_impl(ctx):
    """A package that depends on what it waits for makes a cycle of the two."""
    env = unittest.begin(ctx)
    graph = _graph([
        _package("chrony"),
        _package("chrony-openrc", depends = _needs("chrony"), install_if = _needs("chrony")),
    ])
    asserts.equals(env, ["chrony", "chrony-openrc"], graph.cycles["chrony"].members)
    return unittest.end(env)

install_if_cycle_test = unittest.make(_install_if_cycle_test_impl)

def hub_graph_test_suite(name):
    unittest.suite(name, plain_test, archs_test, cycle_test, install_if_test, install_if_cycle_test)
