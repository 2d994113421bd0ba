"""Tests of what oci_image and oci_index declare."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//oci/private/providers:image.bzl", "OciImageInfo")
load("//oci/private/providers:index.bzl", "OciIndexInfo")
load("//oci/private/providers:layer.bzl", "OciLayerInfo")

visibility("private")

_AMD64 = {"//command_line_option:platforms": str(Label("//oci/private/tests:amd64"))}

def _action(actions, mnemonic):
    found = [action for action in actions if action.mnemonic == mnemonic]
    return found[0] if len(found) == 1 else fail("%d actions are %s, want one" % (len(found), mnemonic))

def _values(action, flag):
    return [argument.removeprefix(flag) for argument in action.argv if argument.startswith(flag)]

def _fake_layer_impl(ctx):
    blob = ctx.actions.declare_file(ctx.label.name + ".blob")
    ctx.actions.write(blob, ctx.label.name)
    return [OciLayerInfo(blob = blob, inline = json.encode({"name": ctx.label.name}))]

# A layer that is known at analysis.
fake_layer = rule(implementation = _fake_layer_impl)

def _program_impl(ctx):
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(executable, "", is_executable = True)
    return [
        DefaultInfo(executable = executable),
        RunEnvironmentInfo(environment = ctx.attr.env),
    ]

# A program, for whatever platform it is built.
program = rule(
    implementation = _program_impl,
    attrs = {"env": attr.string_dict()},
    executable = True,
)

def _config_test(want):
    def _impl(ctx):
        env = analysistest.begin(ctx)
        manifest = _action(analysistest.target_actions(env), "OciManifest")
        asserts.equals(env, want, json.decode(_values(manifest, "--config-fragment=")[0]))
        return analysistest.end(env)

    return analysistest.make(_impl, config_settings = _AMD64)

args_and_env_test = _config_test({"Cmd": ["--once", "$HOME"], "Entrypoint": ["/app/with_args"], "Env": ["A=$$1", "B=image", "C=$PATH"]})

own_cmd_test = _config_test({"Cmd": ["own"], "Entrypoint": ["/app/with_args"], "Env": ["A=$$1", "B=2"]})

own_entrypoint_test = _config_test({"Entrypoint": ["/other"], "Env": ["A=$$1", "B=2"]})

def _location_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, "the binary's args have \"$(location :files)\", which is a path of the build; set cmd to what it is in the image")
    return analysistest.end(env)

location_test = analysistest.make(_location_test_impl, config_settings = _AMD64, expect_failure = True)

def _directory_impl(ctx):
    directory = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.run(executable = "never", outputs = [directory], toolchain = None)
    return [DefaultInfo(files = depset([directory]))]

# A directory that a rule makes. Tests look at what is declared; it is never built.
directory = rule(implementation = _directory_impl)

def _image_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    image = target[OciImageInfo]
    names = [json.decode(layer.inline)["name"] for layer in image.layers]
    asserts.equals(env, ["below", "above"], names, "layers, from the lowest up")
    asserts.equals(env, "amd64", image.architecture)

    manifest = _action(analysistest.target_actions(env), "OciManifest")
    asserts.equals(env, ["linux/amd64"], _values(manifest, "--platform="))
    asserts.equals(env, ["{\"name\":\"above\"}"], _values(manifest, "--layer="), "the base's own are in its manifest")
    asserts.equals(env, 1, len(_values(manifest, "--base-manifest=")))
    asserts.equals(env, ["User", "WorkingDir"], _values(manifest, "--clear="))
    asserts.equals(env, [], _values(manifest, "--created="), "the base's")
    asserts.equals(
        env,
        [],
        [file.basename for file in manifest.inputs.to_list() if file.extension == "blob"],
        "a manifest reads no layer",
    )
    asserts.equals(env, {}, manifest.env)
    asserts.equals(
        env,
        ["image.config.json", "image.descriptor.json", "image.manifest.json"],
        sorted([file.basename for file in target[DefaultInfo].files.to_list()]),
    )

    layout = _action(analysistest.target_actions(env), "OciLayout")
    asserts.equals(env, 2, len(_values(layout, "--blob=")))
    return analysistest.end(env)

image_test = analysistest.make(_image_test_impl, config_settings = _AMD64)

def _index_test_impl(ctx):
    env = analysistest.begin(ctx)
    images = analysistest.target_under_test(env)[OciIndexInfo].images
    asserts.equals(env, [("amd64", ""), ("arm", "v7")], [(image.architecture, image.variant) for image in images])
    index = _action(analysistest.target_actions(env), "OciIndex")
    asserts.equals(env, 2, len(_values(index, "--image=@")))
    return analysistest.end(env)

index_test = analysistest.make(_index_test_impl)

def _on_index_test_impl(ctx):
    env = analysistest.begin(ctx)
    image = analysistest.target_under_test(env)[OciImageInfo]
    asserts.equals(env, ("arm", "v7"), (image.architecture, image.variant))
    names = [json.decode(layer.inline)["name"] for layer in image.layers]
    asserts.equals(env, ["below", "above", "above"], names)
    return analysistest.end(env)

on_index_test = analysistest.make(
    _on_index_test_impl,
    config_settings = {"//command_line_option:platforms": str(Label("//oci/private/tests:armv7"))},
)

def _other_index_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, "has no image for linux/s390x, only for linux/amd64, linux/arm/v7")
    return analysistest.end(env)

other_index_test = analysistest.make(
    _other_index_test_impl,
    config_settings = {"//command_line_option:platforms": str(Label("//oci/private/tests:s390x"))},
    expect_failure = True,
)

def _on_layout_test_impl(ctx):
    env = analysistest.begin(ctx)
    actions = analysistest.target_actions(env)

    def reads_layout(action):
        return "layout_of_others" in [file.basename for file in action.inputs.to_list()]

    asserts.equals(
        env,
        {"OciLayout": True, "OciManifest": False, "OciSelect": True},
        {action.mnemonic: reads_layout(action) for action in actions},
    )
    asserts.equals(env, ["linux/amd64"], _values(_action(actions, "OciSelect"), "--platform="))
    layouts = analysistest.target_under_test(env)[OciImageInfo].layouts.to_list()
    asserts.equals(env, ["layout_of_others"], [file.basename for file in layouts])
    return analysistest.end(env)

on_layout_test = analysistest.make(_on_layout_test_impl, config_settings = _AMD64)

def _on_files_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, "is no image and has 2 files, want one directory in the OCI image layout")
    return analysistest.end(env)

on_files_test = analysistest.make(_on_files_test_impl, config_settings = _AMD64, expect_failure = True)

def _duplicate_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, "are both linux/amd64, want one image for each platform")
    return analysistest.end(env)

duplicate_test = analysistest.make(_duplicate_test_impl, config_settings = _AMD64, expect_failure = True)

def _unknown_cpu_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, "the target platform has none of the CPUs that images are made for")
    return analysistest.end(env)

def _clear_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, "clear has \"entrypiont\", want some of cmd, entrypoint, env, ")
    return analysistest.end(env)

clear_test = analysistest.make(_clear_test_impl, config_settings = _AMD64, expect_failure = True)

def _clear_nothing_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, "clear is [\"cmd\"], but there is no base whose config could be cleared")
    return analysistest.end(env)

clear_nothing_test = analysistest.make(_clear_nothing_test_impl, config_settings = _AMD64, expect_failure = True)

unknown_cpu_test = analysistest.make(
    _unknown_cpu_test_impl,
    config_settings = {"//command_line_option:platforms": str(Label("//oci/private/tests:wasm"))},
    expect_failure = True,
)
