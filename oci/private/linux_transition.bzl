"""What images are built for where the user named no platform: Linux, also on a machine that has another system."""

load("@platforms//host:constraints.bzl", "HOST_CONSTRAINTS")
load("//oci/private:platform.bzl", "OCI_PLATFORMS", "linux_platform_label")

visibility(["//apk/...", "//oci/..."])

_PLATFORMS = "//command_line_option:platforms"
_HOST_PLATFORM = "//command_line_option:host_platform"

def default_platform(*, platforms, host_platform, host_constraints):
    """Chooses a platform for images where the build has none but this machine's, and that is not Linux.

    Args:
        platforms: list of strings, the labels that `--platforms` has; empty: the host's
        host_platform: string, label of the host's platform
        host_constraints: list of strings, the constraints of the machine that Bazel runs on

    Returns:
        Label of the Linux platform with the host's CPU; None: what the build has is right, or meant
    """
    if platforms and platforms != [host_platform]:
        return None
    if "@platforms//os:linux" in host_constraints:
        return None
    for constraint in host_constraints:
        if constraint in OCI_PLATFORMS:
            return linux_platform_label(OCI_PLATFORMS[constraint])
    return None

def _linux_transition_impl(settings, _attr):
    platform = default_platform(
        platforms = [str(platform) for platform in settings[_PLATFORMS]],
        host_constraints = HOST_CONSTRAINTS,
        host_platform = str(settings[_HOST_PLATFORM]),
    )
    return {_PLATFORMS: [platform] if platform else settings[_PLATFORMS]}

# For rules of which the result goes into images.
linux_transition = transition(
    implementation = _linux_transition_impl,
    inputs = [_PLATFORMS, _HOST_PLATFORM],
    outputs = [_PLATFORMS],
)
