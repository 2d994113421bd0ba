"""The ApkSystemLayer action: what an installed system has besides its packages' own files."""

load("//oci/private:ocibuild.bzl", "ocibuild_args", "ocibuild_run")
load("//oci/private/providers:layer.bzl", "OciLayerInfo")

visibility(["//apk/..."])

def system_layer(ctx, *, spec, packages):
    """Declares the system layer of an image.

    It is made from facts, never from a package's bytes.

    Args:
        ctx: context of a rule with the ocibuild toolchain
        spec: dict, `--spec` of `ocibuild system-layer`
        packages: list of ApkPackageInfo, in install order

    Returns:
        struct of layer, an OciLayerInfo, and report, a File
    """
    name = ctx.label.name
    layer = ctx.actions.declare_file(name + ".system.tar.gz")
    descriptor = ctx.actions.declare_file(name + ".system.json")
    report = ctx.actions.declare_file(name + ".report.json")
    facts = [package.facts for package in packages]

    args = ocibuild_args(ctx)
    args.add(json.encode(spec), format = "--spec=%s")
    args.add_all(facts, format_each = "--facts=%s")
    args.add(layer, format = "--layer=%s")
    args.add(descriptor, format = "--descriptor=%s")
    args.add(report, format = "--report=%s")
    ocibuild_run(
        ctx,
        subcommand = "system-layer",
        args = args,
        inputs = facts,
        outputs = [layer, descriptor, report],
        mnemonic = "ApkSystemLayer",
        progress_message = "Composing the system layer of %{label}",
    )
    return struct(
        layer = OciLayerInfo(blob = layer, descriptor = descriptor),
        report = report,
    )
