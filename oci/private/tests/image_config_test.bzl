"""Tests of image_config.bzl and platform.bzl."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//oci/private:image_config.bzl", "IMAGE_CONFIG_ATTRS", "image_config")
load("//oci/private:platform.bzl", "OCI_PLATFORMS", "parse_platform")

visibility("private")

_EMPTY = {
    "annotations": {},
    "cmd": [],
    "entrypoint": [],
    "env": {},
    "exposed_ports": [],
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
    unittest.suite(name, config_test, platform_test)
