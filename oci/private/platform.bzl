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

# For rules that call oci_platform.
OCI_PLATFORM_ATTRS = {
    "_oci_platforms": attr.label_keyed_string_dict(default = OCI_PLATFORMS),
}

def cpu_value(ctx, values):
    """Looks the target platform's CPU up.

    Args:
        ctx: rule context
        values: dict, constraint_value target to string, as a label_keyed_string_dict attribute gives it

    Returns:
        string, or None for a CPU that is not among the keys.
    """
    for target, value in values.items():
        if ctx.target_platform_has_constraint(target[platform_common.ConstraintValueInfo]):
            return value
    return None

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
    value = cpu_value(ctx, ctx.attr._oci_platforms)
    if value == None:
        return "%s: the target platform has none of the CPUs that images are made for, want one of %s; set --platforms" % (
            ctx.label,
            ", ".join(sorted(OCI_PLATFORMS)),
        ), None
    return None, parse_platform(value)
