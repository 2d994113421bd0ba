"""The module extension: an image of a registry becomes a target."""

load("//oci/private:direct_deps.bzl", "direct_deps")
load("//oci/private:platform.bzl", "OCI_PLATFORMS")
load("//oci/private:pull_hub.bzl", "pull_hub")
load("//oci/private:pull_repository.bzl", "pull_repository")
load("//oci/private:reference.bzl", "join_reference", "parse_reference")

visibility(["//oci/..."])

DOC = """Makes images of registries available to builds, as bases or to push elsewhere.

```starlark
oci = use_extension("@rules_apk//oci:extensions.bzl", "oci")
oci.pull(
    name = "debian",
    image = "docker.io/library/debian@sha256:…",
)
use_repo(oci, "debian")
```

`@debian` is then the image for the target platform, and `base = "@debian"` puts another upon it. To analyse a build, Bazel
fetches its manifest and config, a few kilobytes, and checks them by digest. A layer is fetched only when its bytes are
needed: for an OCI layout, by a load into a daemon that lacks it, or by a push to a registry that lacks it and cannot mount
it from where it is.

Manifest and config come through Bazel's downloader, with what it has: credential helpers, `.netrc`, downloader
configuration, repository cache; and with a password that Docker's config.json has itself. Bazel does not tell where a
registry's token server is: those of the large ones are known, others need one of these. Layers come through `ocideploy`, with the credentials of Docker or podman in the user's home
directory, or where `DOCKER_CONFIG` or `REGISTRY_AUTH_FILE` says; for a layout, which an action makes, `--action_env` sets these.
`bazel fetch` and `bazel vendor` do not get the layers: for builds without a network, put the image into a folder in the OCI
image layout (`skopeo copy --all docker://… oci:DIR`) of a repository, and name that as base.

Registries on a loopback address are spoken to without TLS, all others with it.
"""

_PULL = tag_class(
    doc = "One image or index, by digest.",
    attrs = {
        "digest": attr.string(
            doc = "`sha256:…`, if `image` has none: in an attribute of its own, programs that raise versions find it.",
        ),
        "image": attr.string(
            doc = """`registry/repository@sha256:…`. A tag before the `@` is for readers only.

`bazel run @rules_apk//tools:ocideploy -- digest registry/repository:tag` prints it.
""",
            mandatory = True,
        ),
        "insecure": attr.bool(
            doc = "Speak to its registry and its mirrors' without TLS, also where that is no loopback address.",
        ),
        "mirrors": attr.string_list(
            doc = "`registry/repository` of each place that has the same image. They are asked first, in order.",
        ),
        "name": attr.string(
            doc = "Name of the repository: letters, digits, `-` and `_`.",
            mandatory = True,
        ),
        "tag": attr.string(
            doc = "Its tag, for readers and for programs that raise versions; only the digest counts.",
        ),
    },
)

_NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

def _declare(tag, reference):
    repositories = {}
    for cpu, platform in OCI_PLATFORMS.items():
        # No dot in the name before it: no two pulls meet.
        repository = "%s.%s" % (tag.name, platform.replace("/", "_"))
        repositories[cpu] = "@%s//:image" % repository
        pull_repository(
            name = repository,
            digest = reference.digest,
            insecure = tag.insecure,
            mirrors = tag.mirrors,
            platform = "linux/" + platform,
            registry = reference.registry,
            repository = reference.repository,
        )
    pull_hub(
        name = tag.name,
        hub = tag.name,
        images = repositories,
    )

def _oci_impl(module_ctx):
    owners = {}
    for module in module_ctx.modules:
        for tag in module.tags.pull:
            if not tag.name or tag.name.strip(_NAME_CHARACTERS):
                fail("oci.pull: name is \"%s\", want letters, digits, - and _" % tag.name)
            if tag.name in owners:
                fail("oci.pull: the modules %s and %s both have name = \"%s\", want different ones" % (
                    owners[tag.name],
                    module.name,
                    tag.name,
                ))
            owners[tag.name] = module.name
            err, image = join_reference(digest = tag.digest, image = tag.image, tag = tag.tag)
            reference = None
            if not err:
                err, reference = parse_reference(image)
            if err:
                fail("oci.pull(name = \"%s\"): image %s" % (tag.name, err))
            _declare(tag, reference)

    # It reads nothing but its tags.
    return module_ctx.extension_metadata(reproducible = True, **direct_deps(module_ctx, "pull"))

oci = module_extension(
    implementation = _oci_impl,
    doc = DOC,
    tag_classes = {"pull": _PULL},
)
