"""Tests of reference.bzl."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//oci/private:reference.bzl", "docker_auth", "join_reference", "parse_reference", "registry_url", "select_manifest", "token_url")

visibility("private")

_DIGEST = "sha256:" + 64 * "0"

def _parse_test_impl(ctx):
    env = unittest.begin(ctx)
    for text, want in {
        "127.0.0.1:5000/a": ("127.0.0.1:5000", "a"),
        "debian": ("docker.io", "library/debian"),
        "docker.io/debian": ("docker.io", "library/debian"),
        "docker.io/library/debian:12": ("docker.io", "library/debian"),
        "ghcr.io/a/b/c:v1": ("ghcr.io", "a/b/c"),
        "index.docker.io/grafana/grafana": ("docker.io", "grafana/grafana"),
        "localhost/a": ("localhost", "a"),
    }.items():
        err, got = parse_reference("%s@%s" % (text, _DIGEST))
        asserts.equals(env, None, err)
        asserts.equals(env, (want, _DIGEST), ((got.registry, got.repository), got.digest))
    for text, want in {
        "": "want one with a digest",
        "a.example/@" + _DIGEST: "want registry/repository@sha256:…",
        "a.example/b@sha256:12": "want sha256: and 64 hexadecimal digits after the @",
        "a.example/b@sha512:" + 64 * "0": "want sha256: and 64 hexadecimal digits after the @",
        "a.example:80/b:v1": ("want one with a digest, a.example:80/b@sha256:…; get it with: " +
                              "bazel run @rules_apk//tools:ocideploy -- digest a.example:80/b:v1"),
    }.items():
        err, _ = parse_reference(text)
        asserts.true(env, err != None and want in err, "%s: got %s, want %s" % (text, err, want))
    return unittest.end(env)

parse_test = unittest.make(_parse_test_impl)

def _join_test_impl(ctx):
    env = unittest.begin(ctx)
    for image, tag, digest, want in [
        ("a.example/b", "v1", _DIGEST, "a.example/b:v1@" + _DIGEST),
        ("a.example:80/b", "", _DIGEST, "a.example:80/b@" + _DIGEST),
        ("a.example:80/b", "v1", "", "a.example:80/b:v1"),
        ("a.example/b:v1@" + _DIGEST, "", "", "a.example/b:v1@" + _DIGEST),
        ("a.example/b:v1@" + _DIGEST, "v1", _DIGEST, "a.example/b:v1@" + _DIGEST),
    ]:
        asserts.equals(env, (None, want), join_reference(digest = digest, image = image, tag = tag))
    err, _ = join_reference(digest = "sha256:1", image = "a.example/b@" + _DIGEST, tag = "")
    asserts.equals(env, "has the digest %s, and digest is sha256:1; want one of them" % _DIGEST, err)
    err, _ = join_reference(digest = _DIGEST, image = "a.example/b:v1", tag = "v2")
    asserts.equals(env, "has the tag v1, and tag is v2; want one of them", err)
    return unittest.end(env)

join_test = unittest.make(_join_test_impl)

def _docker_auth_test_impl(ctx):
    env = unittest.begin(ctx)
    config = {"auths": {"a.example": {"auth": "QQ=="}, "b.example": {}, "https://c.example/v1/": {"auth": "Qw=="}, "https://index.docker.io/v1/": {"auth": "SA=="}}}
    for registry, want in {
        "a.example": "QQ==",
        "b.example": None,
        "c.example": "Qw==",
        "docker.io": "SA==",
        "sub.a.example": None,
    }.items():
        asserts.equals(env, want, docker_auth(config, registry))
    asserts.equals(env, None, docker_auth({"credsStore": "desktop"}, "a.example"))
    return unittest.end(env)

docker_auth_test = unittest.make(_docker_auth_test_impl)

def _urls_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, "http://vm:5601/v2", registry_url("vm:5601", True))
    for registry, want in {
        "127.0.0.1:5000": "http://127.0.0.1:5000/v2",
        "[::1]:5000": "http://[::1]:5000/v2",
        "docker.io": "https://registry-1.docker.io/v2",
        "ghcr.io": "https://ghcr.io/v2",
        "localhost": "http://localhost/v2",
        "localhost.example.com": "https://localhost.example.com/v2",
    }.items():
        asserts.equals(env, want, registry_url(registry))
    asserts.equals(env, None, token_url("registry.example.com", "a"))
    asserts.equals(
        env,
        "https://auth.docker.io/token?service=registry.docker.io&scope=repository:library/debian:pull",
        token_url("docker.io", "library/debian"),
    )
    asserts.equals(
        env,
        "https://eu.gcr.io/v2/token?service=eu.gcr.io&scope=repository:a/b:pull",
        token_url("eu.gcr.io", "a/b"),
    )
    return unittest.end(env)

urls_test = unittest.make(_urls_test_impl)

def _entry(name, architecture, variant = None, os = "linux"):
    platform = {"architecture": architecture, "os": os}
    return {"digest": name, "platform": platform | ({"variant": variant} if variant else {})}

_INDEX = {"manifests": [
    _entry("a", "amd64"),
    _entry("b", "arm64", "v8"),
    _entry("c", "arm", "v6"),
    _entry("d", "arm", "v7"),
    _entry("e", "unknown", os = "unknown"),
    _entry("f", "386"),
    _entry("g", "386"),
    {"digest": "h"},
]}

def _select_test_impl(ctx):
    env = unittest.begin(ctx)
    for platform, want in {
        "linux/386": ("has 2 images for linux/386, want one: f, g", None),
        "linux/amd64": (None, "a"),
        "linux/arm/v7": (None, "d"),
        "linux/arm64": (None, "b"),
        "linux/s390x": (
            "has no image for linux/s390x, only for linux/amd64, linux/arm64/v8, linux/arm/v6, linux/arm/v7, linux/386, linux/386",
            None,
        ),
    }.items():
        asserts.equals(env, want, select_manifest(_INDEX, platform))
    return unittest.end(env)

select_test = unittest.make(_select_test_impl)

def reference_test_suite(name):
    unittest.suite(name, parse_test, join_test, docker_auth_test, urls_test, select_test)
