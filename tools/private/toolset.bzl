"""toolset: the programs that rules_apk runs."""

load("//tools/private:requirements.bzl", "ExecutionRequirementsInfo")
load("//tools/private/providers:toolset.bzl", "ToolsetInfo")

visibility("public")  # Loaded by the repositories of prebuilt tools.

DOC = """The programs that rules_apk runs: in actions, in tests and with `bazel run`.

A release brings its own, and a checkout builds them from source. A workspace with binaries of its own says so in its
`.bazelrc`:

```starlark
# common --@rules_apk//tools=//third_party:rules_apk_tools
toolset(
    name = "rules_apk_tools",
    ocibuild = ":ocibuild_linux_amd64",
    ocifetch = ":ocifetch_linux_amd64",
)
```

A toolset is asked for in the configuration of the machine that runs the program: that of the action, or the one that Bazel
runs on. Where these are of several kinds, an `alias` with a `select()` names a toolset for each.
"""

_DOCS = {
    "apkinit": "What `bazel run @rules_apk//:init` runs.",
    "apklock": "What the commands and the test of a lock run.",
    "ocibuild": "What actions run that make images.",
    "ocideploy": "What `oci_push` and `oci_load` run, and the actions that fetch layers of pulled images.",
    "ocifetch": "What the actions run that download packages, with `fetch = \"action\"`.",
    "ociruntest": "What `oci_run_test` runs.",
    "ocitest": "What `oci_test` runs.",
}

ATTRS = {
    name: attr.label(
        allow_single_file = True,
        cfg = "target",
        doc = doc,
        executable = True,
    )
    for name, doc in _DOCS.items()
} | {
    "_requirements": attr.label(
        default = "//tools/private:ocibuild_requirements",
        providers = [ExecutionRequirementsInfo],
    ),
}

def _toolset_impl(ctx):
    programs = {name: getattr(ctx.attr, name) for name in _DOCS}
    return [ToolsetInfo(
        requirements = ctx.attr._requirements[ExecutionRequirementsInfo].requirements,
        **{name: program[DefaultInfo] if program else None for name, program in programs.items()}
    )]

toolset = rule(
    implementation = _toolset_impl,
    doc = DOC,
    attrs = ATTRS,
    provides = [ToolsetInfo],
)
