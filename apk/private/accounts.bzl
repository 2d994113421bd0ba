"""Users, groups and paths of an image, as values of attributes."""

visibility(["//apk/..."])

def _encode(**members):
    return json.encode({name: value for name, value in members.items() if value not in [None, "", []]})

def apk_user(name, *, uid, gid = None, home = None, shell = None, gecos = None, groups = []):
    """A user, for `apk_image.users`.

    Args:
        name: string
        uid: int
        gid: int; the uid if not given. A group of the user's name is made if none has it.
        home: string, absolute; /home/NAME if not given
        shell: string; /sbin/nologin if not given
        gecos: string, what the account says of its user; the name if not given
        groups: list of strings, further groups

    Returns:
        string
    """
    return _encode(name = name, uid = uid, gid = gid, home = home, shell = shell, gecos = gecos, groups = groups)

def apk_group(name, *, gid, members = []):
    """A group, for `apk_image.groups`.

    Args:
        name: string
        gid: int
        members: list of strings, names of users

    Returns:
        string
    """
    return _encode(name = name, gid = gid, members = members)

def _path(type, path, mode = None, user = None, group = None, source = None):
    return _encode(type = type, path = path, mode = mode, user = user, group = group, source = source)

def _directory(path, *, mode = "0755", user = "root", group = "root"):
    """A directory."""
    return _path("directory", path, mode, user, group)

def _empty_file(path, *, mode = "0644", user = "root", group = "root"):
    """An empty file."""
    return _path("empty-file", path, mode, user, group)

def _symlink(path, *, to):
    """A symbolic link."""
    return _path("symlink", path, source = to)

def _hardlink(path, *, to):
    """Another name of a file."""
    return _path("hardlink", path, source = to)

def _permissions(path, *, mode = None, user = None, group = None):
    """Another mode or owner for what is there; what is not given stays.

    A package's file is in the image twice then: the second time, changed.
    """
    return _path("permissions", path, mode, user, group)

# Values of `apk_image.paths`. Users and groups are names or numbers.
apk_path = struct(
    directory = _directory,
    empty_file = _empty_file,
    hardlink = _hardlink,
    permissions = _permissions,
    symlink = _symlink,
)
