"""Tests of what oci_run_test declares."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

visibility("private")

def _spec(target_actions):
    found = [
        action.content
        for action in target_actions
        if action.mnemonic == "FileWrite" and action.outputs.to_list()[0].basename.endswith(".ociruntest.json")
    ]
    return json.decode(found[0]) if len(found) == 1 else fail("%d specs, want one" % len(found))

def _run_test_test_impl(ctx):
    env = analysistest.begin(ctx)
    actions = analysistest.target_actions(env)
    asserts.equals(env, {
        "command": ["/above", "--once"],
        "expect": {"exit_code": 3, "expected_error": ["oh"], "expected_output": []},
        "layout": "oci/private/tests/run.layout",
        "skip_without_runtime": True,
    }, _spec(actions))
    runfiles = analysistest.target_under_test(env)[DefaultInfo].default_runfiles.files.to_list()
    asserts.true(env, "run.layout" in [file.basename for file in runfiles], "the layout is among the runfiles")
    asserts.equals(env, ["OciLayout"], [action.mnemonic for action in actions if action.mnemonic.startswith("Oci")])
    return analysistest.end(env)

run_test_test = analysistest.make(
    _run_test_test_impl,
    config_settings = {"//command_line_option:platforms": str(Label("//oci/private/tests:amd64"))},
)
