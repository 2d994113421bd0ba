"""How rules that sign name their key."""

visibility(["//apk/..."])

SIGNING_ATTRS = {
    "key": attr.label(
        doc = "Private RSA key in PEM. None: unsigned.",
        allow_single_file = True,
    ),
    "key_name": attr.string(
        doc = "File name of the public key under `/etc/apk/keys`, such as `me@example.com-1.rsa.pub`.",
    ),
}

def add_key(args, *, file, name):
    """Adds `--key=` and `--key-name=`.

    Args:
        args: Args from ocibuild_args
        file: File, or None
        name: string, key_name

    Returns:
        (err, inputs): list of Files
    """
    if bool(file) != bool(name):
        return "key and key_name go together: got key = %s and key_name = \"%s\"" % (file, name), None
    if not file:
        return None, []
    args.add(file, format = "--key=%s")
    args.add(name, format = "--key-name=%s")
    return None, [file]
