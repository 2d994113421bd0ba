"""Tests of what apk_image and the targets below it declare."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//apk/private/providers:closure.bzl", "ApkClosureInfo")
load("//oci/private/providers:image.bzl", "OciImageInfo")
load(":fixtures.bzl", "DIGEST")

visibility("private")

_AMD64 = {"//command_line_option:platforms": str(Label("//oci/private/tests:amd64"))}
_ARMV7 = {"//command_line_option:platforms": str(Label("//oci/private/tests:armv7"))}

def _action(actions, mnemonic):
    found = [action for action in actions if action.mnemonic == mnemonic]
    return found[0] if len(found) == 1 else fail("%d actions are %s, want one" % (len(found), mnemonic))

def _values(action, flag):
    return [argument.removeprefix(flag) for argument in action.argv if argument.startswith(flag)]

def _packages_read(action):
    return [file.basename for file in action.inputs.to_list() if file.extension == "apk"]

def _image_test_impl(ctx):
    env = analysistest.begin(ctx)
    actions = analysistest.target_actions(env)
    asserts.equals(
        env,
        ["ApkSystemLayer", "OciLayout", "OciManifest"],
        sorted([action.mnemonic for action in actions]),
    )
    for action in actions:
        asserts.equals(env, {}, action.env, "%s has an empty environment" % action.mnemonic)
        asserts.true(env, action.argv[0].endswith("/ocibuild"), "%s runs %s" % (action.mnemonic, action.argv[0]))
        if action.mnemonic != "OciLayout":
            asserts.equals(env, [], _packages_read(action), "%s reads no package" % action.mnemonic)

    manifest = _action(actions, "OciManifest")
    layers = _values(manifest, "--layer=")
    asserts.equals(
        env,
        ["musl-1-r0", "libssl-1-r0", "openssl-1-r0"],
        [json.decode(layer)["name"] for layer in layers[:-1]],
        "packages in install order",
    )
    asserts.equals(env, {
        "diff_id": DIGEST,
        "digest": DIGEST,
        "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
        "name": "musl-1-r0",
        "offset": 10,
        "size": 20,
    }, json.decode(layers[0]))
    asserts.true(env, layers[-1].startswith("@") and layers[-1].endswith("/image.system.json"), "the system layer is last")
    asserts.equals(env, ["1700000002"], _values(manifest, "--created="), "the newest package's")
    asserts.equals(
        env,
        ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        json.decode(_values(manifest, "--config-fragment=")[0])["Env"],
    )

    system = _action(actions, "ApkSystemLayer")
    asserts.equals(env, [json.encode({
        "arch": "x86_64",
        "repositories": ["https://example.com/os"],
        "world": ["musl", "openssl"],
    })], [json.encode(json.decode(spec)) for spec in _values(system, "--spec=")])
    asserts.equals(
        env,
        ["musl_x86_64.facts.json", "libssl_x86_64.facts.json", "openssl_x86_64.facts.json"],
        [path.split("/")[-1] for path in _values(system, "--facts=")],
    )
    image = analysistest.target_under_test(env)[OciImageInfo]
    asserts.equals(env, ("https://example.com/os/x86_64/musl-1-r0.apk",), image.layers[0].remote.urls)
    return analysistest.end(env)

image_test = analysistest.make(_image_test_impl, config_settings = _AMD64)

def _env_test_impl(ctx):
    """What the image says goes before what it has by itself, which can be switched off."""
    env = analysistest.begin(ctx)
    config = _values(_action(analysistest.target_actions(env), "OciManifest"), "--config-fragment=")
    asserts.equals(env, ctx.attr.env, json.decode(config[0]).get("Env", []))
    return analysistest.end(env)

env_test = analysistest.make(_env_test_impl, attrs = {"env": attr.string_list()}, config_settings = _AMD64)

def _budget_test_impl(ctx):
    """Above the budget the smallest packages share a layer, which is above the others."""
    env = analysistest.begin(ctx)
    actions = analysistest.target_actions(env)
    merge = _action(actions, "ApkMerge")
    asserts.equals(env, ["musl", "libssl"], _values(merge, "--package="))
    asserts.equals(env, [], _values(merge, "--spec="), "what else the image asks for changes no merged layer")
    asserts.equals(env, ["musl-1-r0.apk", "libssl-1-r0.apk"], _packages_read(merge))
    layers = _values(_action(actions, "OciManifest"), "--layer=")
    asserts.equals(env, 3, len(layers))
    asserts.equals(env, "openssl-1-r0", json.decode(layers[0])["name"])
    asserts.true(env, layers[1].endswith("/budget_image.merged.layer.json"), "the shared layer is %s" % layers[1])
    spec = json.decode(_values(_action(actions, "ApkSystemLayer"), "--spec=")[0])
    asserts.equals(env, [["openssl"], ["musl", "libssl"]], spec["layers"])
    return analysistest.end(env)

budget_test = analysistest.make(_budget_test_impl, config_settings = _AMD64)

def _normalised_test_impl(ctx):
    """What the lock or the image says is rewritten, each alone; the rest is not read."""
    env = analysistest.begin(ctx)
    actions = analysistest.target_actions(env)
    merged = [_values(action, "--package=") for action in actions if action.mnemonic == "ApkMerge"]
    asserts.equals(env, [["libssl"], ["split"]], sorted(merged))
    spec = json.decode(_values(_action(actions, "ApkSystemLayer"), "--spec=")[0])
    asserts.equals(env, {
        "libssl": "the image says so",
        "split": "its directory lib is a symlink to usr/lib in package musl-1-r0",
    }, spec["normalised"])
    return analysistest.end(env)

normalised_test = analysistest.make(_normalised_test_impl, config_settings = _AMD64)

def _permissions_test_impl(ctx):
    """Whose file it is only the facts say: the system layer may read any package."""
    env = analysistest.begin(ctx)
    system = _action(analysistest.target_actions(env), "ApkSystemLayer")
    asserts.equals(env, ["musl", "libssl", "openssl"], _values(system, "--package="))
    asserts.equals(env, ["musl-1-r0.apk", "libssl-1-r0.apk", "openssl-1-r0.apk"], _packages_read(system))
    return analysistest.end(env)

permissions_test = analysistest.make(_permissions_test_impl, config_settings = _AMD64)

def _facts_test_impl(ctx):
    env = analysistest.begin(ctx)
    facts = _action(analysistest.target_actions(env), "ApkFacts")
    asserts.equals(env, ["musl-1-r0.apk"], _packages_read(facts))
    expect = json.decode(_values(facts, "--expect=")[0])
    asserts.equals(
        env,
        ["checksum", "diff_id", "layer", "name", "sections", "sha256", "size", "version"],
        sorted(expect),
    )
    asserts.equals(env, {}, facts.env)
    return analysistest.end(env)

facts_test = analysistest.make(_facts_test_impl)

def _one_configuration_test_impl(ctx):
    """Whatever the platform and mode, facts are made at the same path."""
    env = analysistest.begin(ctx)
    root = analysistest.target_under_test(env)[ApkClosureInfo].package.layer.facts.root.path
    asserts.true(env, "-exec" in root, "facts are in " + root)
    return analysistest.end(env)

one_configuration_test = analysistest.make(
    _one_configuration_test_impl,
    config_settings = _AMD64 | {"//command_line_option:compilation_mode": "dbg"},
)

def _failure_test(message, config_settings = _AMD64):
    def _impl(ctx):
        env = analysistest.begin(ctx)
        asserts.expect_failure(env, message)
        return analysistest.end(env)

    return analysistest.make(_impl, config_settings = config_settings, expect_failure = True)

arch_test = _failure_test(
    "the lock of @hub has no packages for armv7, only for x86_64; " +
    "add it to archs in apk.yaml and run: bazel run @hub//:lock",
    config_settings = _ARMV7,
)

unmet_test = _failure_test(
    "depends on \"libsl\", which no package at hand provides; the nearest is \"libssl\"",
)

not_in_image_test = _failure_test("normalise: package \"libsl\" is not in the image; the nearest is \"libssl\"")

other_arch_test = _failure_test("is for aarch64, the image for x86_64")

key_test = _failure_test("key and key_name go together")
