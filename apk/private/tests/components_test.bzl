"""Tests of components.bzl."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//apk/private:components.bzl", "components")

visibility("private")

def _components_test_impl(ctx):
    env = unittest.begin(ctx)
    for what, edges, want in [
        ("nothing", {}, []),
        ("one node", {"a": []}, [["a"]]),
        ("a loop of one", {"a": ["a"]}, [["a"]]),
        ("a chain, leaves first", {"a": ["b"], "b": ["c"], "c": []}, [["c"], ["b"], ["a"]]),
        ("a circle", {"a": ["b"], "b": ["c"], "c": ["a"]}, [["a", "b", "c"]]),
        (
            "two circles with a bridge",
            {"a": ["b"], "b": ["a", "c"], "c": ["d"], "d": ["c"]},
            [["c", "d"], ["a", "b"]],
        ),
        (
            "a circle found late, through a node that is done",
            {"a": ["b", "c"], "b": ["d"], "c": ["b", "a"], "d": []},
            [["d"], ["b"], ["a", "c"]],
        ),
        ("two that share a leaf", {"a": ["c"], "b": ["c"], "c": []}, [["c"], ["a"], ["b"]]),
    ]:
        asserts.equals(env, want, components(edges), what)
    return unittest.end(env)

components_test = unittest.make(_components_test_impl)

def _large_graph_test_impl(ctx):
    """A circle of 20,000: one that took quadratic time would not end, and recursion would not start."""
    env = unittest.begin(ctx)
    size = 20000
    edges = {str(i): [str((i + 1) % size), str((i * 7) % size)] for i in range(size)}
    asserts.equals(env, 1, len(components(edges)))

    edges = {str(i): [str(i + 1)] for i in range(size)}
    edges[str(size)] = []
    asserts.equals(env, size + 1, len(components(edges)))
    return unittest.end(env)

large_graph_test = unittest.make(_large_graph_test_impl)

def components_test_suite(name):
    unittest.suite(name, components_test, large_graph_test)
