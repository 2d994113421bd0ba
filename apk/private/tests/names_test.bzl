"""Tests of names.bzl."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//apk/private:names.bzl", "constraint_name", "is_hub_name", "is_package_name", "repository_name")

visibility("private")

def _package_names_test_impl(ctx):
    env = unittest.begin(ctx)
    for name, want in {
        "": False,
        "+a": False,
        "a b": False,
        "a/b": False,
        "gtk4.0": True,
        "libstdc++": True,
        "py3-pip": True,
        "so:libz": False,
        "x_y": True,
    }.items():
        asserts.equals(env, want, is_package_name(name), name)
    return unittest.end(env)

package_names_test = unittest.make(_package_names_test_impl)

def _hub_names_test_impl(ctx):
    env = unittest.begin(ctx)
    for name, want in {"": False, "a.b": False, "alpine-3_19": True, "~x": False}.items():
        asserts.equals(env, want, is_hub_name(name), name)
    return unittest.end(env)

hub_names_test = unittest.make(_hub_names_test_impl)

def _repository_names_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, "w.x86_64.libstdc_2b_2b", repository_name("w", "x86_64", "libstdc++"))

    # Each pair would meet under an escape that is not injective.
    for a, b in [("a+b", "a_b"), ("a_2bb", "a+b"), ("a_5fb", "a_b"), ("a__b", "a_b")]:
        asserts.true(env, repository_name("w", "x86", a) != repository_name("w", "x86", b), "%s and %s" % (a, b))
    return unittest.end(env)

repository_names_test = unittest.make(_repository_names_test_impl)

def _constraint_names_test_impl(ctx):
    env = unittest.begin(ctx)
    for raw, want in {
        "!telnet": "telnet",
        "busybox>1.36": "busybox",
        "cmd:sh=1.0-r0": "cmd:sh",
        "foo@edge": "foo",
        "foo~1.2@edge": "foo",
        "musl": "musl",
        "musl<=2": "musl",
        "so:libz.so.1><Q1abc=": "so:libz.so.1",
    }.items():
        asserts.equals(env, want, constraint_name(raw))
    return unittest.end(env)

constraint_names_test = unittest.make(_constraint_names_test_impl)

def names_test_suite(name):
    unittest.suite(name, package_names_test, hub_names_test, repository_names_test, constraint_names_test)
