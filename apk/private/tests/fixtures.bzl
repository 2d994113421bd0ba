"""A hub as the module extension would make it, out of empty packages: enough to analyse images."""

load("@bazel_skylib//rules:write_file.bzl", "write_file")
load("//apk/private:hub_lock.bzl", "hub_lock")
load("//apk/private:hub_package.bzl", "hub_package")
load("//apk/private:locked_package.bzl", "locked_package")

visibility("private")

DIGEST = "sha256:" + "0" * 64

def _entry(name, depends, layer, normalise):
    entry = {
        "arch": "x86_64",
        "build_time": 1700000000 + layer,
        "checksum": "Q1x",
        "depends": [{"by": [name], "needs": name} for name in depends],
        "diff_id": DIGEST,
        "layer": DIGEST[:-1] + str(layer),
        "name": name,
        "repository": 0,
        "sections": {"control": [0, 10], "data": [10, 20]},
        "sha256": DIGEST[:-1] + str(layer),
        "size": 30,
        "version": "1-r0",
    }
    return entry | ({"normalise": normalise} if normalise else {})

def fake_hub(name, packages, normalise = {}):
    """Declares packages of a lock for x86_64.

    Args:
        name: name of the hub
        packages: dict of package name to names that it depends on, in install order
        normalise: dict of package name to why it must be normalised
    """
    hub_lock(
        name = name,
        archs = ["x86_64"],
        hub = name,
        repositories = ["https://example.com/os"],
        tags = ["manual"],
    )
    for number, (package, depends) in enumerate(packages.items()):
        write_file(
            name = package + "_apk",
            out = package + "-1-r0.apk",
            content = [],
            tags = ["manual"],
        )
        locked_package(
            name = package + "_x86_64",
            apk = package + "_apk",
            entry = json.encode(_entry(package, depends, number, normalise.get(package))),
            hub = name,
            tags = ["manual"],
            urls = ["https://example.com/os/x86_64/%s-1-r0.apk" % package],
        )
        hub_package(
            name = package,
            lock = name,
            package = select({
                "@platforms//cpu:x86_64": package + "_x86_64",
                "//conditions:default": None,
            }),
            tags = ["manual"],
            deps = depends,
        )
