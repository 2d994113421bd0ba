"""pull_repository: manifest and config of an image of a registry, for one platform."""

load("@bazel_tools//tools/build_defs/repo:utils.bzl", "get_auth")
load("//oci/private:layers.bzl", "layer_descriptor")
load("//oci/private:reference.bzl", "is_index", "registry_url", "select_manifest", "token_url")

visibility(["//oci/..."])

DOC = "Fetches manifest and config of an image, by digest, and none of its layers."

ATTRS = {
    "digest": attr.string(
        doc = "Of the image or index.",
        mandatory = True,
    ),
    "platform": attr.string(
        doc = "os/architecture[/variant] of the image.",
        mandatory = True,
    ),
    "registry": attr.string(
        doc = "Its host and maybe port.",
        mandatory = True,
    ),
    "repository": attr.string(
        doc = "The repository in it.",
        mandatory = True,
    ),
    "_build": attr.label(
        default = "//oci/private:templates/pulled_image.BUILD.tpl",
    ),
}

_MANIFEST_TYPES = ", ".join([
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
])

def _token_auth(repository_ctx, urls):
    """Gets a token from registries that give nothing away without.

    A failure is left to the request that needs it: a mirror may stand in for the registry.

    Returns:
        dict for download's `auth`
    """
    url = token_url(repository_ctx.attr.registry, repository_ctx.attr.repository)
    if not url:
        return {}
    answer = "token.json"
    result = repository_ctx.download(allow_fail = True, auth = get_auth(repository_ctx, [url]), output = answer, url = url)
    if not result.success:
        return {}
    fields = json.decode(repository_ctx.read(answer))
    repository_ctx.delete(answer)
    token = fields.get("token") or fields.get("access_token")
    if not token:
        return {}
    return {url: {"password": token, "pattern": "Bearer <password>", "type": "pattern"} for url in urls}

def _get(repository_ctx, kind, digest, output, headers = {}):
    """Fetches a document.

    Returns:
        dict, what it says
    """
    attr = repository_ctx.attr
    urls = ["%s/%s/%s/%s" % (registry_url(attr.registry), attr.repository, kind, digest)]
    result = repository_ctx.download(
        allow_fail = True,
        auth = get_auth(repository_ctx, urls) | _token_auth(repository_ctx, urls),
        headers = headers,
        output = output,
        sha256 = digest.removeprefix("sha256:"),
        url = urls,
    )
    if not result.success:
        fail("%s/%s: cannot fetch %s/%s; Bazel's warning says why. Check the name, and, where a login is needed, that " % (
            attr.registry,
            attr.repository,
            kind,
            digest,
        ) + "Bazel has one: --credential_helper=…, or ~/.netrc")
    return json.decode(repository_ctx.read(output))

def _manifest(repository_ctx, digest):
    return _get(repository_ctx, "manifests", digest, "manifest.json", headers = {"Accept": _MANIFEST_TYPES})

def _pull_repository_impl(repository_ctx):
    attr = repository_ctx.attr
    name = "%s/%s" % (attr.registry, attr.repository)
    manifest = _manifest(repository_ctx, attr.digest)
    if is_index(manifest):
        err, digest = select_manifest(manifest, attr.platform)
        if err:
            fail("%s@%s %s; build for another platform, or pull another image" % (name, attr.digest, err))
        manifest = _manifest(repository_ctx, digest)
    if "config" not in manifest or "layers" not in manifest:
        fail("%s@%s is neither an image nor an index of the formats of OCI and Docker, version 2" % (name, attr.digest))
    config = _get(repository_ctx, "blobs", manifest["config"]["digest"], "config.json")
    os, architecture = attr.platform.split("/")[:2]
    if (config.get("os"), config.get("architecture")) != (os, architecture):
        fail("%s@%s is for %s/%s, want one for %s; build for that platform, or pull an index" % (
            name,
            attr.digest,
            config.get("os"),
            config.get("architecture"),
            attr.platform,
        ))
    diff_ids = config.get("rootfs", {}).get("diff_ids", [])
    if len(diff_ids) != len(manifest["layers"]):
        fail("%s@%s has %d layers and %d diff_ids, want as many" % (name, attr.digest, len(manifest["layers"]), len(diff_ids)))
    layers = [
        layer_descriptor(
            diff_id = diff_id,
            digest = layer["digest"],
            media_type = layer["mediaType"],
            size = layer["size"],
        )
        for layer, diff_id in zip(manifest["layers"], diff_ids)
    ]
    repository_ctx.template("BUILD.bazel", attr._build, executable = False, substitutions = {
        "{layers}": repr(layers),
        "{platform}": repr(attr.platform),
        "{repository}": repr(name),
    })

    # Digests pin all bytes that are used.
    return repository_ctx.repo_metadata(reproducible = True) if hasattr(repository_ctx, "repo_metadata") else None

pull_repository = repository_rule(
    implementation = _pull_repository_impl,
    doc = DOC,
    attrs = ATTRS,
)
