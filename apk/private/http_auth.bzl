"""Reads HTTP_AUTH, as apklock and apk do, for Bazel's downloader."""

visibility(["//apk/..."])

_WANT = "HTTP_AUTH: want basic:HOST:USER:PASSWORD or basic:HOST:PORT:USER:PASSWORD"

def _is_port(text):
    return text.isdigit() and len(text) <= 5 and 0 < int(text) and int(text) < 65536

def _parse(value):
    """Takes a value apart.

    Returns:
        (err, host, user, password)
    """
    if not value.startswith("basic:"):
        return _WANT, None, None, None
    rest = value.removeprefix("basic:")
    if rest.startswith("["):
        # The address of IPv6 has colons.
        host, bracket, rest = rest.partition("]")
        host += bracket
        colon = rest[:1] if rest.startswith(":") else ""
        rest = rest.removeprefix(":")
    else:
        host, colon, rest = rest.partition(":")
    if not colon or host.startswith("[") and not host.endswith("]"):
        return _WANT, None, None, None
    if host in ["", "*"]:
        return "HTTP_AUTH: host is \"%s\", want the name of one host, as others must not see the password" % host, None, None, None
    user, found, password = rest.partition(":")
    if _is_port(user) and ":" in password:
        host += ":" + user
        user, found, password = password.partition(":")
    if not found or not user:
        return _WANT, None, None, None
    return None, host, user, password

def http_auth(value, urls):
    """Credentials of HTTP_AUTH for those URLs that are on its host.

    Args:
        value: string, that of the variable, or None
        urls: list of strings

    Returns:
        (err, auth): dict for download's `auth`. An error does not contain the password.
    """
    if not value:
        return None, {}
    err, host, user, password = _parse(value)
    if err:
        return err, None
    auth = {}
    for url in urls:
        scheme, _, rest = url.partition("://")
        if scheme not in ["http", "https"]:
            continue
        server = rest.partition("/")[0].rpartition("@")[2].lower()
        name, colon, port = server.rpartition(":")
        if not colon or port.endswith("]"):
            name = server
        if host.lower() in [server, name, name.removeprefix("[").removesuffix("]")]:
            auth[url] = {"login": user, "password": password, "type": "basic"}
    return None, auth
