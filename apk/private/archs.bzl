"""What apk calls a CPU: the only table of it."""

load("//oci/private:platform.bzl", "LINUX_ATTRS", "cpu_value")

visibility(["//apk/..."])

# apk's architecture -> CPU constraint. What OCI calls that CPU stands in //oci/private:platform.bzl.
ARCHS = {
    "aarch64": "@platforms//cpu:aarch64",
    "armhf": "@platforms//cpu:aarch32",
    "armv7": "@platforms//cpu:armv7",
    "loongarch64": "@platforms//cpu:loongarch64",
    "ppc64le": "@platforms//cpu:ppc64le",
    "riscv64": "@platforms//cpu:riscv64",
    "s390x": "@platforms//cpu:s390x",
    "x86": "@platforms//cpu:x86_32",
    "x86_64": "@platforms//cpu:x86_64",
}

# For rules that call target_arch.
ARCH_ATTRS = LINUX_ATTRS | {
    "_archs": attr.label_keyed_string_dict(
        default = {cpu: arch for arch, cpu in ARCHS.items()},
    ),
}

def target_arch(ctx):
    """apk's name for the target platform's CPU.

    Args:
        ctx: context of a rule with ARCH_ATTRS

    Returns:
        (err, arch)
    """
    return cpu_value(ctx, ctx.attr._archs)
