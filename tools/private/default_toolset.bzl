"""default_toolset: which tools there are where nobody names any."""

visibility("//tools/...")

# Go's name of a platform -> its constraints.
TOOL_PLATFORMS = {
    "darwin_amd64": ["@platforms//os:macos", "@platforms//cpu:x86_64"],
    "darwin_arm64": ["@platforms//os:macos", "@platforms//cpu:aarch64"],
    "linux_amd64": ["@platforms//os:linux", "@platforms//cpu:x86_64"],
    "linux_arm64": ["@platforms//os:linux", "@platforms//cpu:aarch64"],
}

def default_toolset(name, *, prebuilt, source):
    """Names the prebuilt tools of each platform that has some, and those from source for all others.

    Args:
        name: string
        prebuilt: list of keys of TOOL_PLATFORMS
        source: label of the toolset from source, or None where there is no source
    """
    for platform in prebuilt:
        native.config_setting(
            name = platform,
            constraint_values = TOOL_PLATFORMS[platform],
        )
    choices = {":" + platform: "@rules_apk_tools_%s//:tools" % platform for platform in prebuilt}
    if source:
        choices["//conditions:default"] = source
    native.alias(
        name = name,
        actual = select(choices, no_match_error = (
            "this release of rules_apk has tools for %s only; use git_override with its commit, which builds them from " +
            "source, or name your own with --@rules_apk//tools"
        ) % ", ".join(prebuilt)),
    )
