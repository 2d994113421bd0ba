"""package_repository: downloads one package."""

load("@bazel_tools//tools/build_defs/repo:utils.bzl", "get_auth")
load("//apk/private:http_auth.bzl", "http_auth")
load("//apk/private:hub_files.bzl", "package_file")
load("//apk/private:repository_files.bzl", "reproducible", "write_build_files")

visibility(["//apk/..."])

DOC = "One package of a lock: downloaded, by its SHA-256, or described for actions that download it."

ATTRS = {
    "config": attr.label(
        doc = "apk.yaml: relative URLs start from its folder.",
        mandatory = True,
    ),
    "entry": attr.string(
        doc = "The lock's entry, JSON.",
        mandatory = True,
    ),
    "fetch": attr.string(
        doc = "What downloads it.",
        mandatory = True,
        values = ["action", "repository"],
    ),
    "hub": attr.string(
        doc = "The name of the lock's hub.",
        mandatory = True,
    ),
    "urls": attr.string_list(
        doc = "Where the package can be had, in order of preference.",
        mandatory = True,
    ),
}

def _absolute_url(url, folder):
    """Makes a URL of a path; Bazel's downloader takes nothing else.

    Args:
        url: string, a URL, or a path, maybe relative to folder
        folder: path

    Returns:
        string
    """
    if "://" in url:
        return url
    path = url if url.startswith("/") else "%s/%s" % (folder, url)
    return "file://" + path.replace("%", "%25").replace(" ", "%20")

def _download(repository_ctx, entry):
    """Downloads the package.

    Returns:
        (err, name): string, the file's name
    """
    urls = repository_ctx.attr.urls
    if [url for url in urls if "://" not in url]:
        folder = repository_ctx.path(repository_ctx.attr.config).dirname
        urls = [_absolute_url(url, folder) for url in urls]
    apk = "%s-%s.apk" % (entry["name"], entry["version"])

    # Not getenv: a package is the same whatever the password was.
    err, own = http_auth(repository_ctx.os.environ.get("HTTP_AUTH"), urls)
    if err:
        return err, None
    repository_ctx.download(
        auth = get_auth(repository_ctx, urls) | own,
        output = apk,
        sha256 = entry["sha256"].removeprefix("sha256:"),
        url = urls,
    )
    return None, apk

def _package_repository_impl(repository_ctx):
    attr = repository_ctx.attr
    urls = [url for url in attr.urls if "://" in url]
    apk = None
    if attr.fetch == "action":
        # An action sees no files that are not its inputs: a package of a folder is fetched here all the same.
        urls = [url for url in urls if not url.startswith("file://")]
    if attr.fetch == "repository" or not urls:
        err, apk = _download(repository_ctx, json.decode(attr.entry))
        if err:
            fail(err)
    write_build_files(repository_ctx, {"": package_file(apk = apk, entry = attr.entry, hub = attr.hub, urls = urls)})

    # The digest pins the bytes, and nothing else is used.
    return reproducible(repository_ctx)

package_repository = repository_rule(
    implementation = _package_repository_impl,
    doc = DOC,
    attrs = ATTRS,
)
