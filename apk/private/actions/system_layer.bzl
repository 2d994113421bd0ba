"""The ApkSystemLayer action: what an installed system has besides its packages' own files."""

load("//oci/private:ocibuild.bzl", "ocibuild_args", "ocibuild_run")
load("//oci/private/providers:layer.bzl", "OciLayerInfo")

visibility(["//apk/..."])

SYSTEM_ATTRS = {
    "certificates": attr.label_list(
        allow_files = True,
        doc = "Certificates in PEM that programs in the image are to trust, besides those of its CA bundle.",
    ),
    "exclude": attr.string_list(
        doc = """Patterns of paths to leave out: `*` and `?` within one part, `**` for any number of parts, `{a,b}`.

Packages are then not layers byte for byte: each is read, and rewritten where it has such a path.
""",
    ),
    "files": attr.label_keyed_string_dict(
        allow_files = True,
        doc = "Files to put into the image, and the absolute path of each.",
    ),
    "groups": attr.string_list(
        doc = "Groups to add, each made by `apk_group`.",
    ),
    "keys": attr.label_list(
        allow_files = True,
        doc = "Public keys for `/etc/apk/keys`.",
    ),
    "paths": attr.string_list(
        doc = "Directories, links, empty files and permissions, each made by a function of `apk_path`.",
    ),
    "run_as": attr.string(
        doc = "The user, or user and group after a colon, that the program runs as: names that the image has, or numbers.",
    ),
    "scripts": attr.string_list(
        doc = "Names of packages whose install scripts nobody needs to be warned of.",
    ),
    "users": attr.string_list(
        doc = "Users to add, each made by `apk_user`.",
    ),
}

def system_spec(attr, *, arch, world, repositories):
    """Builds `--spec` of `ocibuild system-layer`, but for what package_layers says of layers.

    Args:
        attr: struct with the fields of SYSTEM_ATTRS
        arch: string, apk's architecture
        world: list of strings, what the image names
        repositories: list of strings, lines of etc/apk/repositories

    Returns:
        dict (docs/formats.md, "System layer")
    """
    accounts = {
        "groups": [json.decode(group) for group in attr.groups],
        "run_as": attr.run_as,
        "users": [json.decode(user) for user in attr.users],
    }
    spec = {
        "accounts": {name: value for name, value in accounts.items() if value},
        "arch": arch,
        "exclude": attr.exclude,
        "repositories": repositories,
        "scripts": attr.scripts,
        "world": world,
    }
    return {name: value for name, value in spec.items() if value}

def _add_files(args, ctx):
    """Adds paths, keys and certificates.

    Returns:
        (err, inputs): list of Files
    """
    inputs = []
    for target, path in ctx.attr.files.items():
        files = target[DefaultInfo].files.to_list()
        if len(files) != 1:
            return "files: %s has %d files for the path \"%s\", want one" % (target.label, len(files), path), None
        args.add(json.encode({"path": path, "type": "file"}), format = "--path=%s")
        args.add(files[0], format = "--file=%s")
        inputs.extend(files)
    args.add_all(ctx.attr.paths, format_each = "--path=%s")  # after the files, which they may be about
    args.add_all(ctx.files.keys, format_each = "--key-file=%s")
    args.add_all(ctx.files.certificates, format_each = "--certificate=%s")
    return None, inputs + ctx.files.keys + ctx.files.certificates

def _add_packages(args, ctx, packages):
    """Adds the packages' files where a path changes permissions or is a hard link: whose file that is only facts say.

    Returns:
        list of Files, the inputs
    """
    if not [path for path in ctx.attr.paths if json.decode(path)["type"] in ["hardlink", "permissions"]]:
        return []
    for package in packages:
        args.add(package.name, format = "--package=%s")
        args.add(package.layer.blob, format = "--apk=%s")
    return [package.layer.blob for package in packages]

def system_layer(ctx, *, spec, packages):
    """Declares the system layer of an image.

    It is made from facts; a package's bytes are read only for a file that the image gives other permissions or another name.

    Args:
        ctx: context of a rule with OCIBUILD_ATTRS and SYSTEM_ATTRS
        spec: dict, `--spec` of `ocibuild system-layer`
        packages: list of ApkPackageInfo, in install order

    Returns:
        (err, value): struct of layer, an OciLayerInfo, report, a File, and config_fragment, a File
    """
    name = ctx.label.name
    layer = ctx.actions.declare_file(name + ".system.tar.gz")
    descriptor = ctx.actions.declare_file(name + ".system.json")
    report = ctx.actions.declare_file(name + ".report.json")
    config_fragment = ctx.actions.declare_file(name + ".accounts.json")
    facts = [package.layer.facts for package in packages]

    args = ocibuild_args(ctx)
    args.add(json.encode(spec), format = "--spec=%s")
    args.add_all(facts, format_each = "--facts=%s")
    err, files = _add_files(args, ctx)
    if err:
        return err, None
    inputs = facts + files + _add_packages(args, ctx, packages)
    args.add(layer, format = "--blob-out=%s")
    args.add(descriptor, format = "--layer-out=%s")
    args.add(report, format = "--report-out=%s")
    args.add(config_fragment, format = "--config-fragment-out=%s")
    ocibuild_run(
        ctx,
        subcommand = "system-layer",
        args = args,
        inputs = inputs,
        outputs = [layer, descriptor, report, config_fragment],
        mnemonic = "ApkSystemLayer",
        progress_message = "Composing the system layer of %{label}",
    )
    return None, struct(
        config_fragment = config_fragment,
        layer = OciLayerInfo(blob = layer, descriptor = descriptor, libraries = ()),
        report = report,
    )
