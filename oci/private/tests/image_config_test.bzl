"""Tests of image_config.bzl, healthcheck.bzl, stamp.bzl and platform.bzl."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//oci/private:healthcheck.bzl", "parse_duration")
load("//oci/private:image_config.bzl", "IMAGE_CONFIG_ATTRS", "image_config")
load("//oci/private:platform.bzl", "OCI_PLATFORMS", "parse_platform")
load("//oci/private:stamp.bzl", "parse_created")

visibility("private")

_EMPTY = {
    "annotations": {},
    "cmd": [],
    "entrypoint": [],
    "env": {},
    "exposed_ports": [],
    "healthcheck": [],
    "healthcheck_interval": "",
    "healthcheck_retries": 0,
    "healthcheck_start_period": "",
    "healthcheck_timeout": "",
    "labels": {},
    "stop_signal": "",
    "user": "",
    "volumes": [],
    "workdir": "",
}

def _config(**kwargs):
    return image_config(struct(**(_EMPTY | kwargs)))

def _config_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, sorted(IMAGE_CONFIG_ATTRS), sorted(_EMPTY), "the test knows every attribute")
    asserts.equals(env, (None, {}), _config())
    asserts.equals(
        env,
        (None, {
            "Cmd": ["-v"],
            "Entrypoint": ["/server"],
            "Env": ["B=1", "A=x=y"],
            "ExposedPorts": {"80/tcp": {}},
            "Labels": {"k": "v"},
            "StopSignal": "SIGINT",
            "User": "65532",
            "Volumes": {"/data": {}},
            "WorkingDir": "/srv",
        }),
        _config(
            cmd = ["-v"],
            entrypoint = ["/server"],
            env = {"B": "1", "A": "x=y"},
            exposed_ports = ["80/tcp"],
            labels = {"k": "v"},
            stop_signal = "SIGINT",
            user = "65532",
            volumes = ["/data"],
            workdir = "/srv",
        ),
    )
    asserts.equals(env, ("workdir is \"srv\", want an absolute path", None), _config(workdir = "srv"))
    asserts.equals(
        env,
        ("env: got the variable \"A=B\" = \"C\", want a name without \"=\"", None),
        _config(env = {"A=B": "C"}),
    )
    return unittest.end(env)

config_test = unittest.make(_config_test_impl)

def _healthcheck_test_impl(ctx):
    env = unittest.begin(ctx)
    for text, want in {
        "1h2m3s4ms": 3723004 * 1000 * 1000,
        "30s": 30 * 1000 * 1000 * 1000,
        "500ms": 500 * 1000 * 1000,
    }.items():
        asserts.equals(env, (None, want), parse_duration(text))
    for text in ["", "30", "s", "1.5s", "-1s", "1x", "1s2", " 1s"]:
        asserts.true(env, parse_duration(text)[0] != None, "%s is a duration" % repr(text))
    asserts.equals(
        env,
        (None, {"Healthcheck": {
            "Interval": 90 * 1000 * 1000 * 1000,
            "Retries": 2,
            "StartPeriod": 1000 * 1000 * 1000,
            "Test": ["CMD", "/server", "--check"],
            "Timeout": 500 * 1000 * 1000,
        }}),
        _config(
            healthcheck = ["CMD", "/server", "--check"],
            healthcheck_interval = "1m30s",
            healthcheck_retries = 2,
            healthcheck_start_period = "1s",
            healthcheck_timeout = "500ms",
        ),
    )
    asserts.equals(env, (None, {"Healthcheck": {"Test": ["NONE"]}}), _config(healthcheck = ["NONE"]))
    for want, arguments in {
        "healthcheck is [\"/server\"], want [\"CMD\"": {"healthcheck": ["/server"]},
        "healthcheck is [\"CMD\"], want": {"healthcheck": ["CMD"]},
        "healthcheck is [\"CMD-SHELL\", \"a\", \"b\"], want": {"healthcheck": ["CMD-SHELL", "a", "b"]},
        "healthcheck is empty, want a check": {"healthcheck_timeout": "1s"},
        "healthcheck: Timeout is \"1\", want a duration": {"healthcheck": ["NONE"], "healthcheck_timeout": "1"},
        "healthcheck_retries is -1": {"healthcheck": ["NONE"], "healthcheck_retries": -1},
    }.items():
        err, _ = _config(**arguments)
        asserts.true(env, err != None and err.startswith(want), "got %s, want %s" % (err, want))
    return unittest.end(env)

healthcheck_test = unittest.make(_healthcheck_test_impl)

def _created_test_impl(ctx):
    env = unittest.begin(ctx)
    for text, want in {
        "": ("", None),
        "0": ("", 0),
        "1700000000": ("", 1700000000),
        "{BUILD_TIMESTAMP}": ("{BUILD_TIMESTAMP}", None),
    }.items():
        err, got = parse_created(text)
        asserts.equals(env, (None, want), (err, (got.key, got.seconds)))
    for text in ["-1", "now", "2024-01-01", "{X} "]:
        asserts.true(env, parse_created(text)[0] != None, text)
    return unittest.end(env)

created_test = unittest.make(_created_test_impl)

def _platform_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(
        env,
        struct(architecture = "arm", name = "linux/arm/v7", os = "linux", variant = "v7"),
        parse_platform(OCI_PLATFORMS["@platforms//cpu:armv7"]),
    )
    asserts.equals(
        env,
        struct(architecture = "amd64", name = "linux/amd64", os = "linux", variant = ""),
        parse_platform(OCI_PLATFORMS["@platforms//cpu:x86_64"]),
    )
    return unittest.end(env)

platform_test = unittest.make(_platform_test_impl)

def image_config_test_suite(name):
    unittest.suite(name, config_test, created_test, healthcheck_test, platform_test)
