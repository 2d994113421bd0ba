"""Files at paths: the attributes of rules that put files into an archive, and how they reach ocibuild."""

visibility(["//apk/...", "//oci/..."])

ENTRY_ATTRS = {
    "directories": attr.string_list(
        doc = "Absolute paths of directories to make. Those above files need not be listed: they are root's, 0755.",
    ),
    "files": attr.label_keyed_string_dict(
        doc = """Targets, and the absolute path of each in the archive.

A path that ends in `/` is a folder that takes all files of the target under their own names; any other is the path of the
target's only file. A directory's path is that of the directory itself.

A symbolic link that a rule declares (`declare_symlink`) stays one, wherever it leads. Every other link is what it leads to:
Bazel expands those in directories that actions make, and keeps no empty directories there. A link that leads out of such a
directory to no output of the build is an error.
""",
        allow_files = True,
    ),
    "modes": attr.string_dict(
        doc = """Paths, and their modes in octal, such as `4755`.

Default: 0755 for directories, for what is in them and for what is built to be run, 0644 for the rest, source files among it.
""",
    ),
    "owners": attr.string_dict(
        doc = "Paths, and their owners as `uid:gid` or `uid:gid:user:group`. Default: `0:0:root:root`.",
    ),
    "symlinks": attr.string_dict(
        doc = "Absolute paths of symbolic links, and what they point to.",
    ),
    "xattrs": attr.string_list_dict(
        doc = """Paths, and their extended attributes as `name=value`, the value in base64.

`security.capability=AQAAAgAgAAAAAAAAAAAAAAAAAAA=` lets a program do what `CAP_NET_RAW` allows.
""",
    ),
}

_ROOT = struct(gid = 0, gname = "root", uid = 0, uname = "root")

def parse_owner(text):
    """Reads a value of `owners`.

    Args:
        text: string, `uid:gid` or `uid:gid:user:group`

    Returns:
        (err, owner): struct of uid and gid, ints, and uname and gname, maybe empty.
    """
    parts = text.split(":")
    if len(parts) not in [2, 4] or not parts[0].isdigit() or not parts[1].isdigit():
        return "owner is \"%s\", want uid:gid or uid:gid:user:group with numbers as ids" % text, None
    names = parts[2:] or ["", ""]
    return None, struct(gid = int(parts[1]), gname = names[1], uid = int(parts[0]), uname = names[0])

def parse_xattrs(texts):
    """Reads a value of `xattrs`.

    Args:
        texts: list of strings, `name=value`

    Returns:
        (err, xattrs): dict of name to value in base64.
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals or name in found:
            return "attribute is \"%s\", want name=value with the value in base64, and each name once" % text, None
        found[name] = value
    return None, found

def path_problem(path):
    """Looks for what is wrong with a path in an archive.

    Args:
        path: string

    Returns:
        string, or None
    """
    if not path.startswith("/"):
        return "path is \"%s\", want an absolute one" % path
    if [part for part in path.removeprefix("/").removesuffix("/").split("/") if part in ["", ".", ".."]]:
        return "path is \"%s\", want one without empty parts, \".\" and \"..\"" % path
    return None

def _is_octal(mode):
    return mode != "" and len(mode) <= 5 and mode.strip("01234567") == ""

def archive_entries(*, files, directories, symlinks, modes, owners, xattrs):
    """Works out the entries of an archive, in the order of their paths.

    Args:
        files: list of (path, file, mode): path as in `files`, file with `basename`, default mode or empty
        directories: list of strings
        symlinks: dict of path to target
        modes: dict of path to octal mode
        owners: dict of path to owner
        xattrs: dict of path to list of `name=value`

    Returns:
        (err, entries): list of struct of header, a dict as `ocibuild` takes it for `--entry`, and file, or None.
    """
    found = {}

    def add(path, mode, file = None, link = None):
        problem = path_problem(path)
        if not problem and path in found:
            problem = "path is \"%s\" twice" % path
        if problem:
            return problem
        owner = _ROOT
        if path in owners:
            problem, owner = parse_owner(owners[path])
            if problem:
                return "%s: %s" % (path, problem)
        mode = modes.get(path, mode)
        if mode and not _is_octal(mode):
            return "%s: mode is \"%s\", want an octal number such as 0755" % (path, mode)
        header = {
            "path": path,
            "mode": mode,
            "uid": owner.uid,
            "gid": owner.gid,
            "uname": owner.uname,
            "gname": owner.gname,
        }
        if link != None:
            header["link"] = link
        if path in xattrs:
            problem, header["xattrs"] = parse_xattrs(xattrs[path])
            if problem:
                return "%s: %s" % (path, problem)
        found[path] = struct(file = file, header = header)
        return None

    for path, file, mode in files:
        err = add(path + file.basename if path.endswith("/") else path, mode, file = file)
        if err:
            return err, None
    for path in directories:
        err = add(path.removesuffix("/"), "0755")
        if err:
            return err, None
    for path, link in symlinks.items():
        err = add(path, "0777", link = link) if link else "symlinks: %s is to \"\", want a path such as ../lib/hello" % path
        if err:
            return err, None
    for attribute, paths in {"modes": modes, "owners": owners, "xattrs": xattrs}.items():
        for path in paths:
            if path not in found:
                return "%s: nothing has the path \"%s\"" % (attribute, path), None
    return None, [found[path] for path in sorted(found)]

def _default_mode(file, executable):
    """The mode of a file, from what Bazel knows of it.

    The file's own mode says little: Bazel sets the run bits of all outputs, and remote execution those of all inputs.
    A directory has files of any kind: those that can be run keep that.
    """
    if file.is_directory:
        return ""

    # Bazel calls every source file that is named by itself an executable.
    return "0755" if file == executable and not file.is_source else "0644"

def target_files(targets):
    """Looks the files of a `files` attribute up.

    Args:
        targets: dict of target to path

    Returns:
        (err, files): list of (path, File, mode) for archive_entries.
    """
    files = []
    for target, path in targets.items():
        members = target[DefaultInfo].files.to_list()
        executable = target[DefaultInfo].files_to_run.executable
        if not path.endswith("/") and len(members) != 1:
            return "files: %s has %d files for the path \"%s\", want one, or a path that ends in /" % (
                target.label,
                len(members),
                path,
            ), None
        files.extend([(path, file, _default_mode(file, executable)) for file in members])
    return None, files

def _source_flag(file):
    """The flag for a file that is no directory."""
    if file.is_source:
        return "--file=%s"
    is_symlink = getattr(file, "is_symlink", None)  # None before Bazel 8: ocibuild looks.
    return "--output=%s" if is_symlink == None else "--symlink=%s" if is_symlink else "--file=%s"

def add_entries(args, entries):
    """Adds `--entry=` for each entry, and flags for where its content is.

    Args:
        args: Args from ocibuild_args
        entries: list as archive_entries returns it, with Files

    Returns:
        list of Files, the inputs
    """
    inputs = []
    for entry in entries:
        args.add(json.encode(entry.header), format = "--entry=%s")
        if not entry.file:
            continue
        inputs.append(entry.file)
        if entry.file.is_directory:
            # Bazel knows the files in it. What ocibuild would find there depends on where it runs.
            args.add_all([entry.file], format_each = "--tree=%s", expand_directories = False)
            args.add_all([entry.file], format_each = "--in-tree=%s")
        else:
            args.add(entry.file, format = _source_flag(entry.file))
    return inputs

def attr_entries(attr):
    """Works the ENTRY_ATTRS of a rule out.

    Args:
        attr: ctx.attr

    Returns:
        (err, entries): as archive_entries
    """
    err, files = target_files(attr.files)
    if err:
        return err, None
    return archive_entries(
        directories = attr.directories,
        files = files,
        modes = attr.modes,
        owners = attr.owners,
        symlinks = attr.symlinks,
        xattrs = attr.xattrs,
    )
