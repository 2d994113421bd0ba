"""Tests of lock.bzl."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//apk/private:lock.bzl", "not_locked", "package_urls", "parse_lock", "repository_lines")
load("//apk/private:lock_fields.bzl", "PACKAGE_FIELDS")

visibility("private")

_DIGEST = "sha256:" + "0123456789abcdef" * 4

def _package(name = "musl", version = "1-r0", **kwargs):
    package = {
        "arch": "x86_64",
        "build_time": 1700000000,
        "checksum": "Q1x",
        "diff_id": _DIGEST,
        "layer": _DIGEST,
        "name": name,
        "repository": 0,
        "sections": {"control": [100, 50], "data": [150, 850]},
        "sha256": _DIGEST,
        "size": 1000,
        "url": "https://example.com/x86_64/%s-%s.apk" % (name, version),
        "version": version,
    }
    package.update(kwargs)
    return {key: value for key, value in package.items() if value != None}

def _lock(packages, overrides = {}):
    lock = {
        "config": {"archs": ["x86_64"]},
        "packages": packages,
        "repositories": [{"url": "https://example.com"}],
        "version": 2,
    }
    lock.update(overrides)
    return lock

def _parse(text):
    return parse_lock(text, command = "bazel run @w//:lock", file = "apk.lock.json")

def _good_lock_test_impl(ctx):
    env = unittest.begin(ctx)
    err, lock = _parse(json.encode(_lock([_package(), _package(
        name = "zlib",
        depends = [{"by": ["musl"], "needs": "so:libc.so"}, {"needs": "!zlib-ng"}],
        url = "https://example.com/noarch/zlib-1-r0.apk",
    )])))
    asserts.equals(env, None, err)
    asserts.equals(env, "zlib", lock["packages"][1]["name"])
    return unittest.end(env)

good_lock_test = unittest.make(_good_lock_test_impl)

def _bad_locks_test_impl(ctx):
    env = unittest.begin(ctx)
    for lock, want in [
        ([], "it is not a JSON object"),
        (_lock([], {"version": 1}), "version is 1, want 2: it is not a lock, or one of another release of rules_apk"),
        (_lock([], {"packages": None}), "packages is missing or of the wrong type"),
        (_lock([], {"packages": ["musl"]}), "packages has \"musl\", want objects"),
        (_lock([_package(name = None)]), "package None (x86_64): name is None, want letters, digits and + - . _"),
        (_lock([_package(size = "1")]), "package \"musl\" (x86_64): size is \"1\", want a number of at least 0"),
        (
            _lock([_package(sha256 = "abc")]),
            "package \"musl\" (x86_64): sha256 is \"abc\", want \"sha256:\" and 64 lower-case hex digits",
        ),
        (
            _lock([_package(layer = _DIGEST.upper())]),
            "package \"musl\" (x86_64): layer is \"%s\", want \"sha256:\" and 64 lower-case hex digits" % _DIGEST.upper(),
        ),
        (
            _lock([_package(diff_id = _DIGEST[:-1] + "g")]),
            "package \"musl\" (x86_64): diff_id is \"%sg\", want \"sha256:\" and 64 lower-case hex digits" % _DIGEST[:-1],
        ),
        (_lock([_package(name = "a/b")]), "package \"a/b\" (x86_64): name is \"a/b\", want letters, digits and + - . _"),
        (
            _lock([_package(sections = {"control": [0, 10]})]),
            "package \"musl\" (x86_64): sections is {\"control\": [0, 10]}, want control and data, each [offset, size] inside the file",
        ),
        (
            _lock([_package(sections = {"control": [0, 10], "data": [150, 851]})]),
            "package \"musl\" (x86_64): sections is {\"control\": [0, 10], \"data\": [150, 851]}, want control and data, " +
            "each [offset, size] inside the file",
        ),
        (_lock([_package(repository = 1)]), "package \"musl\" (x86_64): repository is 1, want less than 1"),
        (_lock([_package(), _package()]), "package \"musl\" (x86_64): it is there twice"),
        (
            _lock([_package(depends = [{"by": ["zlib"], "needs": "so:libz.so"}])]),
            "package \"musl\" (x86_64): depends: \"so:libz.so\" is met by \"zlib\", want names of packages of this lock",
        ),
        (
            _lock([_package(install_if = [{"by": ["zlib"], "needs": "zlib"}])]),
            "package \"musl\" (x86_64): install_if: \"zlib\" is met by \"zlib\", want names of packages of this lock",
        ),
        (
            _lock([_package(depends = ["zlib"])]),
            "package \"musl\" (x86_64): depends is [\"zlib\"], want a list of objects with needs, a constraint, and by, " +
            "the names of packages",
        ),
        (
            _lock([_package(url = "https://evil.example.com/x86_64/musl-1-r0.apk")]),
            "package \"musl\" (x86_64): url is \"https://evil.example.com/x86_64/musl-1-r0.apk\", " +
            "want \"https://example.com/x86_64/musl-1-r0.apk\", as its repository, arch, name and version say",
        ),
        (
            _lock([_package(version = "1/../../x")]),
            "package \"musl\" (x86_64): version is \"1/../../x\", want letters, digits and + - . _ ~",
        ),
        (_lock([], {"repositories": [{"url": "a\nb"}]}), "repositories has {\"url\": \"a\\nb\"}, want objects with url, a string"),
        (
            _lock([], {"repositories": [{"mirrors": ["\177"], "url": "a"}]}),
            "repository a: mirrors is [\"\177\"], want a list of strings",
        ),
        (
            _lock([], {"config": {"archs": ["x86_64", "pdp11"]}}),
            "config.archs is [\"x86_64\", \"pdp11\"], want some of aarch64, armhf, armv7, loongarch64, ppc64le, riscv64, " +
            "s390x, x86, x86_64",
        ),
        (_lock([_package(extra = 1)]), "package \"musl\" (x86_64): there is a field \"extra\", want only " + ", ".join(PACKAGE_FIELDS)),
    ]:
        err, _ = _parse(json.encode(lock))
        asserts.equals(env, "apk.lock.json: %s; run: bazel run @w//:lock" % want, err)
    err, _ = _parse("{")
    asserts.equals(env, "apk.lock.json: it is not JSON; run: bazel run @w//:lock", err)
    return unittest.end(env)

bad_locks_test = unittest.make(_bad_locks_test_impl)

def _package_urls_test_impl(ctx):
    env = unittest.begin(ctx)
    for repository, url, want in [
        ({"url": "https://a/os"}, "https://a/os/x86_64/m.apk", ["https://a/os/x86_64/m.apk"]),
        (
            {"mirrors": ["https://b/os/", "file:///c"], "url": "https://a/os/"},
            "https://a/os/x86_64/m.apk",
            ["https://a/os/x86_64/m.apk", "https://b/os/x86_64/m.apk", "file:///c/x86_64/m.apk"],
        ),
        ({"url": "../repo"}, "../repo/x86_64/m.apk", ["../repo/x86_64/m.apk"]),
        (
            {"mirrors": ["file:///c+"], "url": "https://a/o+s"},
            "https://a/o+s/noarch/m++.apk",
            ["https://a/o+s/noarch/m%2B%2B.apk", "file:///c+/noarch/m++.apk"],
        ),
    ]:
        asserts.equals(env, want, package_urls({"repository": 0, "url": url}, [repository]))
    return unittest.end(env)

package_urls_test = unittest.make(_package_urls_test_impl)

def _repository_lines_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, ["https://a/os", "@edge http://b"], repository_lines([
        {"url": "https://a/os"},
        {"url": "../repo"},
        {"url": "file:///srv/repo"},
        {"tag": "edge", "url": "http://b"},
    ]))
    return unittest.end(env)

repository_lines_test = unittest.make(_repository_lines_test_impl)

def _not_locked_test_impl(ctx):
    """A package that only apk.yaml has is there to say what to do."""
    env = unittest.begin(ctx)
    asserts.equals(
        env,
        {
            "java": "apk.yaml asks for \"java\", which is what packages of apk.lock.json provide, but none is called; " +
                    "name one of them: jdk17",
            "wget": "apk.yaml asks for \"wget\", which apk.lock.json lacks; run: bazel run @w//:lock",
        },
        not_locked(
            ["java", "musl", "wget"],
            [_package(), _package(name = "jdk17", provides = ["cmd:java=1", "java"])],
            command = "bazel run @w//:lock",
            config = "apk.yaml",
            file = "apk.lock.json",
        ),
    )
    return unittest.end(env)

not_locked_test = unittest.make(_not_locked_test_impl)

def lock_test_suite(name):
    unittest.suite(name, good_lock_test, bad_locks_test, not_locked_test, package_urls_test, repository_lines_test)
