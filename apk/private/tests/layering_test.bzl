"""Tests of layering.bzl."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//apk/private:layering.bzl", "layer_groups")

visibility("private")

def _layer_groups_test_impl(ctx):
    env = unittest.begin(ctx)
    for layering, sizes, want in [
        ("package", [5, 1], [[0], [1]]),
        ("single", [5, 1], [[0, 1]]),
        ("64", [5, 1], [[0], [1]]),
        ("3", [5, 1], [[0], [1]]),
        ("2", [5, 1], [[0, 1]]),
        ("4", [9, 1, 7, 2], [[0], [2], [1, 3]]),
        ("3", [9, 1, 7, 2], [[0], [1, 2, 3]]),
        ("4", [9, None, 7, 2], [[0], [1], [2, 3]]),
        ("4", [3, 3, 3, 3], [[2], [3], [0, 1]]),
    ]:
        err, groups = layer_groups(sizes, layering)
        asserts.equals(env, None, err)
        asserts.equals(env, want, groups, "%s of %s" % (layering, sizes))
        if layering.isdigit():
            asserts.true(env, len(groups) + 1 <= int(layering), "within the budget, with the system layer")
    for layering in ["", "1", "0", "-3", "many"]:
        err, _ = layer_groups([1], layering)
        asserts.equals(
            env,
            "layering is \"%s\", want package, single, or a number of layers of at least 2" % layering,
            err,
        )
    return unittest.end(env)

layer_groups_test = unittest.make(_layer_groups_test_impl)

def layering_test_suite(name):
    unittest.suite(name, layer_groups_test)
