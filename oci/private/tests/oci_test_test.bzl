"""Tests of what oci_test declares."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

visibility("private")

def _spec(target_actions):
    found = [
        action.content
        for action in target_actions
        if action.mnemonic == "FileWrite" and action.outputs.to_list()[0].basename.endswith(".ocitest.json")
    ]
    return json.decode(found[0]) if len(found) == 1 else fail("%d specs, want one" % len(found))

def _oci_test_test_impl(ctx):
    """Of an index all images are tested; layers that they share are there once."""
    env = analysistest.begin(ctx)
    spec = _spec(analysistest.target_actions(env))
    asserts.equals(env, {"entrypoint": ["/above"]}, spec["expect"])
    asserts.equals(env, 2, len(spec["images"]))
    asserts.equals(env, ["below", "above"], [layer["descriptor"]["name"] for layer in spec["layers"]])
    asserts.equals(env, "oci/private/tests/below.blob", spec["layers"][0]["blob"])
    return analysistest.end(env)

oci_test_test = analysistest.make(_oci_test_test_impl)
