"""pull_repository: manifest and config of an image of a registry, for one platform."""

load("@bazel_tools//tools/build_defs/repo:utils.bzl", "get_auth")
load("//oci/private:build_file.bzl", "PUBLIC", "build_file", "call")
load("//oci/private:reference.bzl", "docker_auth", "is_index", "registry_url", "select_manifest", "token_url")

visibility(["//oci/..."])

DOC = "Fetches manifest and config of an image, by digest, and none of its layers."

ATTRS = {
    "digest": attr.string(
        doc = "Of the image or index.",
        mandatory = True,
    ),
    "insecure": attr.bool(
        doc = "Whether its registry and those of the mirrors are spoken to without TLS.",
    ),
    "mirrors": attr.string_list(
        doc = "`registry/repository`: where else it is. They are asked first.",
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
}

_MANIFEST_TYPES = ", ".join([
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
])

def _docker_config(repository_ctx):
    """Reads Docker's config.json, if there is one.

    Returns:
        dict
    """
    home = repository_ctx.getenv("HOME") or repository_ctx.getenv("USERPROFILE")
    folder = repository_ctx.getenv("DOCKER_CONFIG") or (home + "/.docker" if home else None)
    if not folder:
        return {}
    file = repository_ctx.path(folder + "/config.json")
    if not file.exists:
        return {}
    config = json.decode(repository_ctx.read(file, watch = "no"), default = None)
    return config if type(config) == "dict" else {}

def _basic(auth, urls):
    return {url: {"password": auth, "pattern": "Basic <password>", "type": "pattern"} for url in urls} if auth else {}

def _auth(repository_ctx, registry, repository, urls):
    """Finds credentials: Bazel's own, a token for registries that give nothing away without, or Docker's.

    A failure is left to the request that needs it: a mirror may stand in for the registry.

    Returns:
        dict for download's `auth`
    """
    own = get_auth(repository_ctx, urls)
    docker = docker_auth(_docker_config(repository_ctx), registry)
    url = token_url(registry, repository)
    if own or not url:
        return own or _basic(docker, urls)
    answer = "token.json"
    result = repository_ctx.download(
        allow_fail = True,
        auth = get_auth(repository_ctx, [url]) or _basic(docker, [url]),
        output = answer,
        url = url,
    )
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
        (err, document): dict, what it says
    """
    attr = repository_ctx.attr
    urls = []
    auth = {}
    for place in attr.mirrors + ["%s/%s" % (attr.registry, attr.repository)]:
        registry, _, repository = place.partition("/")
        url = "%s/%s/%s/%s" % (registry_url(registry, attr.insecure), repository, kind, digest)
        urls.append(url)
        auth.update(_auth(repository_ctx, registry, repository, [url]))
    result = repository_ctx.download(
        allow_fail = True,
        auth = auth,
        headers = headers,
        output = output,
        sha256 = digest.removeprefix("sha256:"),
        url = urls,
    )
    if not result.success:
        return "%s/%s: cannot fetch %s/%s; Bazel's warning says why. Check the name, and, where a login is needed, that " % (
            attr.registry,
            attr.repository,
            kind,
            digest,
        ) + "Bazel has one: --credential_helper=…, ~/.netrc, or Docker's config.json", None
    return None, json.decode(repository_ctx.read(output))

def _manifest(repository_ctx, digest):
    return _get(repository_ctx, "manifests", digest, "manifest.json", headers = {"Accept": _MANIFEST_TYPES})

def _choose(attr, name, document):
    """Finds the image for the platform.

    Returns:
        (err, digest), the digest None if the document is the image
    """
    if not is_index(document):
        return None, None
    err, digest = select_manifest(document, attr.platform)
    return ("%s@%s %s; build for another platform, or pull another image" % (name, attr.digest, err) if err else None), digest

def _check_config(attr, name, manifest, config):
    os, architecture = attr.platform.split("/")[:2]
    if (config.get("os"), config.get("architecture")) != (os, architecture):
        return "%s@%s is for %s/%s, want one for %s; build for that platform, or pull an index" % (
            name,
            attr.digest,
            config.get("os"),
            config.get("architecture"),
            attr.platform,
        )
    diff_ids = config.get("rootfs", {}).get("diff_ids", [])
    if len(diff_ids) != len(manifest["layers"]):
        return "%s@%s has %d layers and %d diff_ids, want as many" % (name, attr.digest, len(manifest["layers"]), len(diff_ids))
    return None

def _pulled_image(attr, name, manifest, config):
    layers = [
        json.encode({
            "diff_id": diff_id,
            "digest": layer["digest"],
            "mediaType": layer["mediaType"],
            "size": layer["size"],
        })
        for layer, diff_id in zip(manifest["layers"], config["rootfs"]["diff_ids"])
    ]
    return call(
        "pulled_image",
        config = "config.json",
        insecure = attr.insecure,
        layers = layers,
        manifest = "manifest.json",
        mirrors = attr.mirrors,
        name = "image",
        platform = attr.platform,
        repository = name,
        visibility = PUBLIC,
    )

def _pull_repository_impl(repository_ctx):
    attr = repository_ctx.attr
    name = "%s/%s" % (attr.registry, attr.repository)
    err, manifest = _manifest(repository_ctx, attr.digest)
    if err:
        fail(err)
    err, digest = _choose(attr, name, manifest)
    config = None
    if not err:
        if digest:
            fetch_err, manifest = _manifest(repository_ctx, digest)
            if fetch_err:
                fail(fetch_err)
        if "config" not in manifest or "layers" not in manifest:
            fail("%s@%s is neither an image nor an index of the formats of OCI and Docker, version 2" % (name, attr.digest))
        fetch_err, config = _get(repository_ctx, "blobs", manifest["config"]["digest"], "config.json")
        if fetch_err:
            fail(fetch_err)
        err = _check_config(attr, name, manifest, config)

    # A query loads the repositories of all platforms. That there is no image for one is an error of who builds for it.
    if err:
        rule = "missing_image"
        image = call(rule, error = err, name = "image", visibility = PUBLIC)
    else:
        rule = "pulled_image"
        image = _pulled_image(attr, name, manifest, config)
    repository_ctx.file("BUILD.bazel", build_file(calls = [image], package = "oci/private", rules = [rule]), executable = False)

    # Digests pin all bytes that are used.
    return repository_ctx.repo_metadata(reproducible = True) if hasattr(repository_ctx, "repo_metadata") else None

pull_repository = repository_rule(
    implementation = _pull_repository_impl,
    doc = DOC,
    attrs = ATTRS,
)
