"""Actions that download: what they get is pinned by digest, so their results can be cached like any other's."""

load("//oci/private:ocibuild.bzl", "ocibuild_args")
load("//tools/private:tools.bzl", "action_tool")

visibility(["//apk/...", "//oci/..."])

# With OciPull (pulled_image.bzl) the only actions that may use the network. A remote executor without one leaves them to the
# machine that builds with
# --modify_execution_info=ApkFacts=+no-remote-exec,ApkMerge=+no-remote-exec,OciFetch=+no-remote-exec.
_REQUIREMENTS = {
    "requires-network": "1",
    "supports-path-mapping": "1",
}

# NETRC is the name of a file. No password itself: the environment is part of what is sent to a remote cache.
_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "NETRC"]

def download_spec(*, name, urls, sha256, size):
    """Writes what ocifetch has to know of a file.

    Args:
        name: string, the file's name
        urls: list of strings, http or https, in order of preference
        sha256: string, `sha256:` and hex
        size: int, bytes

    Returns:
        string, JSON
    """
    return json.encode({"name": name, "sha256": sha256, "size": size, "urls": urls})

def environment_problem(ctx):
    """Says what is wrong with the environment that actions get.

    Args:
        ctx: context of a rule that downloads by an action

    Returns:
        string, or None
    """
    if "HTTP_AUTH" in ctx.configuration.default_shell_env:
        return ("HTTP_AUTH in the environment of actions: the password would be part of each action, in caches and logs; " +
                "write it to a netrc file and use --host_action_env=NETRC=FILE, or have Bazel download: fetch = \"repository\"")
    return None

def _environment(ctx):
    """Proxies and netrc are all that may come from outside: `--action_env=HTTPS_PROXY=…`, for tools `--host_action_env`.

    What images are made of is for the machine that makes them: it has the environment of tools.
    """
    outside = ctx.configuration.default_shell_env
    return {name: outside[name] for name in _VARIABLES if name in outside}

def ocifetch_file(ctx, *, download, output):
    """Registers the OciFetch action, which downloads a file. It runs only if some other action reads the file.

    Args:
        ctx: context of a rule with OCIBUILD_ATTRS
        download: string as download_spec returns it
        output: File
    """
    args = ocibuild_args(ctx)
    args.add(download, format = "--get=%s")
    args.add(output, format = "--output=%s")
    ctx.actions.run(
        executable = action_tool(ctx, "ocifetch"),
        arguments = [args],
        outputs = [output],
        mnemonic = "OciFetch",
        progress_message = "Fetching %{output}",
        env = _environment(ctx),
        # The place that it comes from is as good a cache.
        execution_requirements = _REQUIREMENTS | {"no-remote-cache": "1"},
        toolchain = None,
    )

def ocifetch_run(ctx, *, downloads, flag, subcommand, args, inputs, outputs, mnemonic, progress_message):
    """Registers an action that downloads files and runs ocibuild on them: no files are downloaded if its result is cached.

    Args:
        ctx: context of a rule with OCIBUILD_ATTRS
        downloads: list of strings as download_spec returns them
        flag: string, ocibuild's flag for such a file, such as `--apk`; they come last, in order
        subcommand: string, such as "facts"
        args: Args from ocibuild_args, with all other flags
        inputs: list of Files
        outputs: list of Files
        mnemonic: string
        progress_message: string
    """
    ocibuild = action_tool(ctx, "ocibuild")
    fetch = ocibuild_args(ctx)
    fetch.add_all(downloads, format_each = "--get=%s")
    fetch.add(flag, format = "--pass=%s")
    program = ctx.actions.args()
    program.add("--")
    program.add(ocibuild.executable)
    program.add(subcommand)
    ctx.actions.run(
        executable = action_tool(ctx, "ocifetch"),
        tools = [ocibuild],
        arguments = [fetch, program, args],
        inputs = inputs,
        outputs = outputs,
        mnemonic = mnemonic,
        progress_message = progress_message,
        env = _environment(ctx),
        execution_requirements = _REQUIREMENTS,
        toolchain = None,
    )
