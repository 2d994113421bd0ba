"""Stamping: values of Bazel's workspace status in images, for builds that ask for it."""

load("//oci/private/providers:stamp.bzl", "OciStampInfo")

visibility(["//apk/...", "//oci/..."])

STAMP_ATTRS = {
    "stamp": attr.int(
        default = -1,
        doc = """Whether `{KEY}` gets its value of `--workspace_status_command`.

1: always. 0: never. -1: in builds with `--stamp`. Where it gets none, a label or annotation that wants one is left out, and
`created` is as if it were not given: such a build does not depend on the status.
""",
        values = [-1, 0, 1],
    ),
    "_stamp": attr.label(
        default = "//oci/private:stamp",
        providers = [OciStampInfo],
    ),
}

CREATED_ATTRS = {
    "created": attr.string(
        doc = """When the image was made, in Unix seconds, or a key such as `{BUILD_TIMESTAMP}`.

Empty: when its newest package was built, or as the base says, or 0.
""",
    ),
}

def stamp_files(ctx, texts):
    """The files that values come from.

    Args:
        ctx: context of a rule with STAMP_ATTRS
        texts: list of strings that may want values

    Returns:
        list of Files; empty where nothing is stamped, so that the action does not depend on the status
    """
    stamped = ctx.attr.stamp == 1 or (ctx.attr.stamp == -1 and ctx.attr._stamp[OciStampInfo].stamped)
    if not stamped or not [text for text in texts if "{" in text]:
        return []
    return [ctx.info_file, ctx.version_file]

def parse_created(text):
    """Reads the attribute `created`.

    Args:
        text: string

    Returns:
        (err, value): struct of seconds, an int or None, and key, a string that may be empty.
    """
    if text.isdigit():
        return None, struct(key = "", seconds = int(text))
    if not text or (text.startswith("{") and text.endswith("}")):
        return None, struct(key = text, seconds = None)
    return "created is \"%s\", want Unix seconds or a key such as {BUILD_TIMESTAMP}" % text, None

def _stamp_setting_impl(ctx):
    return [OciStampInfo(stamped = ctx.attr.stamped)]

stamp_setting = rule(
    implementation = _stamp_setting_impl,
    doc = "Tells rules whether the build has `--stamp`, which only select() can see.",
    attrs = {
        "stamped": attr.bool(
            doc = "A select().",
            mandatory = True,
        ),
    },
)
