"""Tests of which machine's tools a target gets."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

visibility("private")

def _program_impl(ctx):
    executable = ctx.actions.declare_file("%s_%s" % (ctx.label.name, ctx.attr.arch))
    ctx.actions.write(executable, "", is_executable = True)
    return [DefaultInfo(executable = executable)]

program = rule(
    implementation = _program_impl,
    doc = "An empty file, named after the machine that it is for.",
    attrs = {"arch": attr.string(mandatory = True)},
    executable = True,
)

_SETTINGS = {
    "//command_line_option:extra_execution_platforms": [
        str(Label(":linux_riscv64")),
        str(Label(":linux_arm64")),
    ],
    # The machines are what matters, not what is built: nothing says that this can run anywhere.
    "//command_line_option:platforms": str(Label("//oci/private/tests:s390x")),
    str(Label("//tools")): str(Label(":toolset")),
}

def _action_tool_test_impl(ctx):
    env = analysistest.begin(ctx)
    actions = [action for action in analysistest.target_actions(env) if action.mnemonic == "OciManifest"]
    asserts.equals(env, 1, len(actions))
    asserts.equals(env, "ocibuild_" + ctx.attr.arch, actions[0].argv[0].split("/")[-1])
    return analysistest.end(env)

action_tool_test = analysistest.make(
    _action_tool_test_impl,
    attrs = {"arch": attr.string()},
    config_settings = _SETTINGS,
)

def _linked(env):
    links = [action for action in analysistest.target_actions(env) if action.mnemonic in ["ExecutableSymlink", "Symlink"]]
    asserts.equals(env, 1, len(links))
    return links[0].inputs.to_list()[0].basename

def _run_tool_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.equals(env, "ocideploy_" + ctx.attr.host, _linked(env))
    return analysistest.end(env)

_run_tool_test = analysistest.make(
    _run_tool_test_impl,
    attrs = {"host": attr.string()},
    config_settings = _SETTINGS | {
        # As for remote executors of another kind: not the machine that Bazel runs on.
        "//command_line_option:host_platform": str(Label(":linux_riscv64")),
    },
)

def run_tool_test(name, **kwargs):
    _run_tool_test(
        name = name,
        host = select({
            "@platforms//cpu:aarch64": "arm64",
            "@platforms//cpu:riscv64": "riscv64",
            "//conditions:default": "other",
        }),
        **kwargs
    )

def _test_tool_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.equals(env, "ocitest_arm64", _linked(env))
    return analysistest.end(env)

test_tool_test = analysistest.make(_test_tool_test_impl, config_settings = _SETTINGS)

def _missing_tool_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, "has no ocibuild, which this target runs; set it, or do without --@rules_apk//tools")
    return analysistest.end(env)

missing_tool_test = analysistest.make(
    _missing_tool_test_impl,
    config_settings = {str(Label("//tools")): str(Label(":without_ocibuild"))},
    expect_failure = True,
)
