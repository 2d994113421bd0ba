"""References to images of registries, and the URLs behind them."""

visibility(["//oci/..."])

_DOCKER_HUB = "docker.io"

# Where registries give out tokens to anybody, for those that want one even then.
_TOKEN_URLS = {
    "cgr.dev": "https://cgr.dev/token?service=cgr.dev&scope=repository:{repository}:pull",
    "docker.io": "https://auth.docker.io/token?service=registry.docker.io&scope=repository:{repository}:pull",
    "gcr.io": "https://gcr.io/v2/token?service=gcr.io&scope=repository:{repository}:pull",
    "ghcr.io": "https://ghcr.io/token?service=ghcr.io&scope=repository:{repository}:pull",
    "public.ecr.aws": "https://public.ecr.aws/token?service=public.ecr.aws&scope=aws",
    "quay.io": "https://quay.io/v2/auth?service=quay.io&scope=repository:{repository}:pull",
}

_HEX = "0123456789abcdef"

def _is_digest(text):
    hex = text.removeprefix("sha256:")
    return hex != text and len(hex) == 64 and not hex.strip(_HEX)

def parse_reference(text):
    """Reads a reference to an image, as Docker does: without a registry it is Docker Hub's.

    Args:
        text: string, [registry/]repository[:tag]@sha256:…

    Returns:
        (err, reference): struct of registry, repository and digest, strings.
    """
    name, at, digest = text.partition("@")
    if at and not _is_digest(digest):
        return "is \"%s\", want sha256: and 64 hexadecimal digits after the @" % text, None
    if not at:
        return "is \"%s\", want one with a digest, %s@sha256:…; get it with: bazel run @rules_apk//tools:ocideploy -- digest %s" % (
            text,
            _without_tag(name),
            name,
        ), None
    name = _without_tag(name)
    registry, slash, repository = name.partition("/")
    if not slash or not ("." in registry or ":" in registry or registry == "localhost"):
        registry, repository = _DOCKER_HUB, name
    if registry in ["index.docker.io", "registry-1.docker.io"]:
        registry = _DOCKER_HUB
    if registry == _DOCKER_HUB and "/" not in repository:
        repository = "library/" + repository
    if not repository or [part for part in repository.split("/") if not part]:
        return "is \"%s\", want registry/repository@sha256:…" % text, None
    return None, struct(digest = digest, registry = registry, repository = repository)

def join_reference(*, image, tag, digest):
    """Puts a reference together that was given in parts.

    Args:
        image: string, a reference, whole or without what the other two say
        tag: string, or empty
        digest: string, sha256:…, or empty

    Returns:
        (err, string)
    """
    name, _, own = image.partition("@")
    if own and digest and own != digest:
        return "has the digest %s, and digest is %s; want one of them" % (own, digest), None
    if tag and name != _without_tag(name) and not name.endswith(":" + tag):
        return "has the tag %s, and tag is %s; want one of them" % (name.removeprefix(_without_tag(name) + ":"), tag), None
    if tag and name == _without_tag(name):
        name += ":" + tag
    return None, name + ("@" + (own or digest) if own or digest else "")

def _without_tag(name):
    head, slash, tail = name.rpartition("/")
    return head + slash + tail.partition(":")[0]

def registry_url(registry, insecure = False):
    """The URL that a registry's API begins with.

    Args:
        registry: string, host and maybe port
        insecure: bool, whether to do without TLS also where it is no loopback address

    Returns:
        string
    """
    if registry == _DOCKER_HUB:
        return "https://registry-1.docker.io/v2"
    host = registry.partition("]")[0] + "]" if registry.startswith("[") else registry.partition(":")[0]
    loopback = host in ["localhost", "[::1]"] or host.startswith("127.")
    return "%s://%s/v2" % ("http" if loopback or insecure else "https", registry)

def docker_auth(config, registry):
    """Looks a registry up in Docker's config.json.

    Args:
        config: dict, what the file says
        registry: string

    Returns:
        string, BASE64(USER:PASSWORD), or None where the file has none; what helper programs have is not in it
    """
    auths = config.get("auths") or {}
    names = ["https://index.docker.io/v1/", "index.docker.io", "docker.io"] if registry == _DOCKER_HUB else [
        registry,
        "https://" + registry,
        "https://%s/v1/" % registry,
        "https://%s/v2/" % registry,
    ]
    for name in names:
        auth = (auths.get(name) or {}).get("auth")
        if auth:
            return auth
    return None

def token_url(registry, repository):
    """Where a token for a pull can be had.

    Args:
        registry: string
        repository: string

    Returns:
        string, or None where none is needed or nothing is known
    """
    url = _TOKEN_URLS.get(registry)
    if not url and (registry.endswith(".gcr.io") or registry.endswith(".pkg.dev")):
        url = _TOKEN_URLS["gcr.io"].replace("gcr.io", registry)
    return url.replace("{repository}", repository) if url else None

def is_index(document):
    """Whether a document of a registry is an index.

    Args:
        document: dict, a manifest or an index

    Returns:
        bool
    """
    return "manifests" in document

def _variant(platform):
    if platform.get("architecture") == "arm64":
        return platform.get("variant") or "v8"  # it has no other
    return platform.get("variant") or ""

def _name(platform):
    parts = [platform.get(key) for key in ["os", "architecture", "variant"]]
    return "/".join([part for part in parts if part])

def select_manifest(index, platform):
    """Finds the image for a platform in an index.

    Args:
        index: dict
        platform: string, os/architecture[/variant]

    Returns:
        (err, digest)
    """
    os, architecture, variant = (platform.split("/") + [""])[:3]
    want = {"architecture": architecture, "os": os, "variant": variant}
    exact = []
    open = []
    for entry in index["manifests"]:
        have = entry.get("platform") or {}
        if have.get("os") != os or have.get("architecture") != architecture:
            continue
        if _variant(have) == _variant(want):
            exact.append(entry["digest"])
        elif not _variant(have) or not _variant(want):
            open.append(entry["digest"])
    found = exact or open
    if len(found) == 1:
        return None, found[0]
    if found:
        return "has %d images for %s, want one: %s" % (len(found), platform, ", ".join(found)), None
    names = [_name(entry.get("platform") or {}) for entry in index["manifests"]]
    return "has no image for %s, only for %s" % (
        platform,
        ", ".join([name for name in names if name and not name.startswith("unknown")]) or "none",
    ), None
