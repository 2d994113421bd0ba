"""What OCI calls a CPU: the only table of it."""

visibility(["//apk/...", "//oci/..."])

# CPU constraint -> OCI architecture, and its variant after a slash.
OCI_PLATFORMS = {
    "@platforms//cpu:aarch32": "arm/v6",
    "@platforms//cpu:aarch64": "arm64",
    "@platforms//cpu:armv7": "arm/v7",
    "@platforms//cpu:loongarch64": "loong64",
    "@platforms//cpu:ppc64le": "ppc64le",
    "@platforms//cpu:riscv64": "riscv64",
    "@platforms//cpu:s390x": "s390x",
    "@platforms//cpu:x86_32": "386",
    "@platforms//cpu:x86_64": "amd64",
}

# For rules that call cpu_value.
LINUX_ATTRS = {
    "_linux": attr.label(default = "@platforms//os:linux"),
}

# For rules that call oci_platform.
OCI_PLATFORM_ATTRS = LINUX_ATTRS | {
    "_oci_platforms": attr.label_keyed_string_dict(default = OCI_PLATFORMS),
}

def linux_platform_label(value):
    """The platform that stands for a value of OCI_PLATFORMS.

    Args:
        value: string, architecture or architecture/variant

    Returns:
        Label
    """
    return Label("//oci/platforms:linux_" + value.replace("/", "_"))

def cpu_value(ctx, values):
    """Looks the target platform's CPU up. Whatever ends in an image is built for Linux.

    Args:
        ctx: context of a rule with LINUX_ATTRS
        values: dict, constraint_value target to string, as a label_keyed_string_dict attribute gives it

    Returns:
        (err, value): the value of the CPU
    """
    found = [
        (target.label, value)
        for target, value in values.items()
        if ctx.target_platform_has_constraint(target[platform_common.ConstraintValueInfo])
    ]
    if not found:
        return "the target platform has none of the CPUs that images are made for, want one of %s; set --platforms" % (
            ", ".join(sorted([str(target.label).removeprefix("@") for target in values]))
        ), None
    if not ctx.target_platform_has_constraint(ctx.attr._linux[platform_common.ConstraintValueInfo]):
        cpu = "@platforms//cpu:" + found[0][0].name
        return ("the target platform is not for Linux, and what is built for it cannot run in an image; set --platforms, or " +
                "the platforms of an index, to one with @platforms//os:linux, such as %s") % (
            _shown(linux_platform_label(OCI_PLATFORMS[cpu]))
        ), None
    return None, found[0][1]

def _shown(label):
    """What users of the module call a label of it."""
    return "@rules_apk//%s:%s" % (label.package, label.name)

def parse_platform(value):
    """Splits a value of OCI_PLATFORMS.

    Args:
        value: string, architecture or architecture/variant

    Returns:
        struct of architecture, os, variant (maybe empty) and name (os/architecture[/variant]).
    """
    architecture, _, variant = value.partition("/")
    return struct(
        architecture = architecture,
        name = "linux/" + value,
        os = "linux",
        variant = variant,
    )

def platform_of(image):
    """The platform that an image is for.

    Args:
        image: OciImageInfo

    Returns:
        struct as parse_platform returns it
    """
    return struct(
        architecture = image.architecture,
        name = "/".join([part for part in (image.os, image.architecture, image.variant) if part]),
        os = image.os,
        variant = image.variant,
    )

def platform_mismatch(image, platform):
    """Says how an image's platform differs from another.

    Args:
        image: OciImageInfo
        platform: struct as oci_platform returns it

    Returns:
        string, or None
    """
    if (image.os, image.architecture, image.variant) == (platform.os, platform.architecture, platform.variant):
        return None
    return "is for %s, want one for %s" % (platform_of(image).name, platform.name)

def oci_platform(ctx):
    """The OCI platform of what the rule builds; images are for Linux whatever the build's own system is.

    Args:
        ctx: context of a rule with OCI_PLATFORM_ATTRS

    Returns:
        (err, value): the value as parse_platform returns it.
    """
    err, value = cpu_value(ctx, ctx.attr._oci_platforms)
    return (err, None) if err else (None, parse_platform(value))
