"""oci_substitute: texts that name images get their digests."""

load("//oci/private:deployable.bzl", "DEPLOYABLE", "deployable")
load("//oci/private:ocibuild.bzl", "OCIBUILD_ATTRS", "ocibuild_args", "ocibuild_run")

visibility(["//oci/..."])

DOC = """A text, such as a Kubernetes manifest or Helm values, with `registry/name@sha256:…` wherever it names an image's label.

```starlark
oci_substitute(
    name = "deployment",
    src = "deployment.yaml",  # … image: //server:image …
    images = {"//server:image": "registry.example.com/server"},
)
```
"""

ATTRS = OCIBUILD_ATTRS | {
    "images": attr.label_keyed_string_dict(
        doc = "Images and indexes, and the repository of each, as in `oci_push`.",
        mandatory = True,
        providers = DEPLOYABLE,
    ),
    "out": attr.output(
        doc = "The result. By default the source's name in a folder with the target's name.",
    ),
    "src": attr.label(
        allow_single_file = True,
        doc = "The text.",
        mandatory = True,
    ),
}

def _names(label):
    """What a text may call a target: //pkg:name, or //pkg where that says the same."""
    name = str(label)
    main = name.removeprefix("@@").removeprefix("@")
    names = [main, "@" + main, "@@" + main] if main.startswith("//") else [name]
    if label.package.split("/")[-1] == label.name:
        names += [other.rpartition(":")[0] for other in names]
    return names

def _oci_substitute_impl(ctx):
    out = ctx.outputs.out or ctx.actions.declare_file("%s/%s" % (ctx.label.name, ctx.file.src.basename))
    args = ocibuild_args(ctx)
    args.add(ctx.file.src, format = "--template=%s")
    inputs = [ctx.file.src]
    for target, repository in ctx.attr.images.items():
        descriptor = deployable(target).descriptor
        args.add(json.encode({"names": _names(target.label), "repository": repository}), format = "--names=%s")
        args.add(descriptor, format = "--image=@%s")
        inputs.append(descriptor)
    args.add(out, format = "--text-out=%s")
    ocibuild_run(
        ctx,
        subcommand = "substitute",
        args = args,
        inputs = inputs,
        outputs = [out],
        mnemonic = "OciSubstitute",
        progress_message = "Putting digests into %{output}",
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

oci_substitute = rule(
    implementation = _oci_substitute_impl,
    doc = DOC,
    attrs = ATTRS,
)
