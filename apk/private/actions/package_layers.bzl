"""The layers of an image's packages: a package's own bytes where that can be, and the ApkMerge action where not."""

load("//apk/private:layering.bzl", "layer_groups")
load("//apk/private:nearest.bzl", "nearest")
load("//oci/private:ocibuild.bzl", "ocibuild_args", "ocibuild_run")
load("//oci/private:ocifetch.bzl", "ocifetch_run")
load("//oci/private/providers:layer.bzl", "OciLayerInfo")

visibility(["//apk/..."])

def normalised_packages(packages, *, exclude = [], normalise = []):
    """The packages whose bytes cannot be a layer as they are, or may not be.

    Args:
        packages: list of ApkPackageInfo
        exclude: list of patterns of paths that the image leaves out
        normalise: list of names of packages that the image wants rewritten

    Returns:
        (err, found): dict of package name to why
    """
    found = {package.name: package.normalise for package in packages if package.normalise}
    names = [package.name for package in packages]
    for name in normalise:
        if name not in names:
            suggestion = nearest(name, names)
            return "normalise: package \"%s\" is not in the image%s" % (
                name,
                "; the nearest is \"%s\"" % suggestion if suggestion else "",
            ), None
        found.setdefault(name, "the image says so")
    if exclude:
        # Which packages have such a path only their facts say. Those that have none come out as they are.
        for package in packages:
            found.setdefault(package.name, "paths may be excluded")
    return None, found

def _merge(ctx, *, exclude, packages, group):
    """Declares the layer of packages that are read and written anew.

    Returns:
        OciLayerInfo
    """
    name = "%s.%s" % (ctx.label.name, group[0].name if len(group) == 1 else "merged")
    layer = ctx.actions.declare_file(name + ".layer.tar.gz")
    descriptor = ctx.actions.declare_file(name + ".layer.json")
    facts = [package.layer.facts for package in packages]
    args = ocibuild_args(ctx)
    args.add_all(exclude, format_each = "--exclude=%s")
    args.add_all(facts, format_each = "--facts=%s")
    at_hand = [package for package in group if not package.download]
    downloaded = [package for package in group if package.download]
    args.add_all([package.name for package in at_hand + downloaded], format_each = "--package=%s")
    args.add_all([package.layer.blob for package in at_hand], format_each = "--apk=%s")
    args.add(layer, format = "--blob-out=%s")
    args.add(descriptor, format = "--layer-out=%s")
    action = {
        "args": args,
        "inputs": facts + [package.layer.blob for package in at_hand],
        "mnemonic": "ApkMerge",
        "outputs": [layer, descriptor],
        "progress_message": "Merging %{output}",
        "subcommand": "merge",
    }
    if downloaded:
        ocifetch_run(ctx, downloads = [package.download for package in downloaded], flag = "--apk", **action)
    else:
        ocibuild_run(ctx, **action)
    return OciLayerInfo(
        blob = layer,
        descriptor = descriptor,
        libraries = tuple([file for package in group for file in package.layer.libraries]),
        programs = tuple([file for package in group for file in package.layer.programs]),
    )

def package_layers(ctx, *, exclude, packages, layering, normalise):
    """Works the layers of an image's packages out, and declares the actions of those that are not a package's own bytes.

    Args:
        ctx: context of a rule with OCIBUILD_ATTRS
        exclude: list of patterns of paths that the image leaves out
        packages: list of ApkPackageInfo, in install order
        layering: string as layer_groups takes it
        normalise: list of names of packages that are to be rewritten though no lock says so

    Returns:
        (err, value): struct of layers, a list of OciLayerInfo from the lowest up, and spec, the fields of the system
        layer's spec that tell of them.
    """
    err, groups = layer_groups([package.size for package in packages], layering)
    if err:
        return err, None
    groups = [[packages[i] for i in group] for group in groups]
    err, normalised = normalised_packages(packages, exclude = exclude, normalise = normalise)
    if err:
        return err, None
    spec = {}
    if normalised:
        spec["normalised"] = normalised
    if [group for group in groups if len(group) > 1]:
        spec["layers"] = [[package.name for package in group] for group in groups]
    return None, struct(
        layers = [
            group[0].layer if len(group) == 1 and group[0].name not in normalised else _merge(
                ctx,
                exclude = exclude,
                group = group,
                packages = packages,
            )
            for group in groups
        ],
        spec = spec,
    )
