"""Tests of nearest.bzl."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//apk/private:nearest.bzl", "nearest")

visibility("private")

_KNOWN = ["busybox", "libcrypto3", "libssl3", "musl", "openssl", "zlib"]

def _nearest_test_impl(ctx):
    env = unittest.begin(ctx)
    for name, want in {
        "busibox": "busybox",
        "libssl": "libssl3",
        "lz": None,
        "mussl": "musl",
        "openssl": "openssl",
        "postgresql": None,
        "zlb": "zlib",
    }.items():
        asserts.equals(env, want, nearest(name, _KNOWN), name)

    # Of "ab" and "ac", equally near, the first, whatever the order they come in.
    asserts.equals(env, "ab", nearest("ad", ["ac", "ab"]))
    return unittest.end(env)

nearest_test = unittest.make(_nearest_test_impl)

def nearest_test_suite(name):
    unittest.suite(name, nearest_test)
