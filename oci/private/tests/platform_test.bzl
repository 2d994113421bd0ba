"""Tests of the platforms that images are built for."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts", "unittest")
load("//oci/private:linux_transition.bzl", "default_platform")
load("//oci/private:platform.bzl", "OCI_PLATFORMS", "linux_platform_label")
load("//oci/private/providers:image.bzl", "OciImageInfo")

visibility(["//apk/private/tests/..."])

_MAC = ["@platforms//cpu:aarch64", "@platforms//os:osx"]

def _default_platform_test_impl(ctx):
    env = unittest.begin(ctx)
    arm64 = Label("//oci/platforms:linux_arm64")
    for why, platforms, host_constraints, want in [
        ("a Mac where nobody said anything", [], _MAC, arm64),
        ("a Mac, and the build has its platform", ["//:host"], _MAC, arm64),
        ("a Mac, and the user names a platform", ["//:mine"], _MAC, None),
        ("several platforms", ["//:host", "//:mine"], _MAC, None),
        ("Windows", [], ["@platforms//cpu:x86_64", "@platforms//os:windows"], Label("//oci/platforms:linux_amd64")),
        ("Linux", [], ["@platforms//cpu:aarch64", "@platforms//os:linux"], None),
        ("a CPU that images are not made for", [], ["@platforms//cpu:mips64", "@platforms//os:osx"], None),
    ]:
        got = default_platform(host_constraints = host_constraints, host_platform = "//:host", platforms = platforms)
        asserts.equals(env, want, got, why)
    return unittest.end(env)

default_platform_test = unittest.make(_default_platform_test_impl)

def platform_test_suite(name):
    unittest.suite(name, default_platform_test)

def _other_system_test(platform):
    def _impl(ctx):
        env = analysistest.begin(ctx)
        asserts.expect_failure(
            env,
            "the target platform is not for Linux, and what is built for it cannot run in an image; set --platforms, or the " +
            "platforms of an index, to one with @platforms//os:linux, such as @rules_apk//oci/platforms:linux_arm64",
        )
        return analysistest.end(env)

    return analysistest.make(
        _impl,
        config_settings = {"//command_line_option:platforms": str(Label("//oci/private/tests:" + platform))},
        expect_failure = True,
    )

# What is for macOS, Windows or no system at all must not end in an image.
macos_test = _other_system_test("macos")
windows_test = _other_system_test("windows")
no_system_test = _other_system_test("no_system")

def _every_platform_test_impl(ctx):
    """There is a platform for each CPU, and it is what its name says."""
    env = analysistest.begin(ctx)
    image = analysistest.target_under_test(env)[OciImageInfo]
    got = "/".join([part for part in (image.architecture, image.variant) if part])
    asserts.equals(env, ctx.attr.value, got)
    return analysistest.end(env)

def _platform_test(value):
    return analysistest.make(
        _every_platform_test_impl,
        attrs = {"value": attr.string(default = value)},
        config_settings = {"//command_line_option:platforms": str(linux_platform_label(value))},
    )

linux_386_test = _platform_test("386")
linux_amd64_test = _platform_test("amd64")
linux_arm64_test = _platform_test("arm64")
linux_arm_v6_test = _platform_test("arm/v6")
linux_arm_v7_test = _platform_test("arm/v7")
linux_loong64_test = _platform_test("loong64")
linux_ppc64le_test = _platform_test("ppc64le")
linux_riscv64_test = _platform_test("riscv64")
linux_s390x_test = _platform_test("s390x")

_PLATFORM_TESTS = {
    "386": linux_386_test,
    "amd64": linux_amd64_test,
    "arm/v6": linux_arm_v6_test,
    "arm/v7": linux_arm_v7_test,
    "arm64": linux_arm64_test,
    "loong64": linux_loong64_test,
    "ppc64le": linux_ppc64le_test,
    "riscv64": linux_riscv64_test,
    "s390x": linux_s390x_test,
}

def every_platform_tests(name, target_under_test):
    """A test for each platform of //oci/platforms, and that there is one for each CPU.

    Args:
        name: string, how the tests' names begin
        target_under_test: label of an image
    """
    if sorted(_PLATFORM_TESTS) != sorted(OCI_PLATFORMS.values()):
        fail("tests are for %s, want %s" % (sorted(_PLATFORM_TESTS), sorted(OCI_PLATFORMS.values())))
    for value, test in _PLATFORM_TESTS.items():
        test(
            name = "%s_%s" % (name, value.replace("/", "_")),
            size = "small",
            target_under_test = target_under_test,
        )
