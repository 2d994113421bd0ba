"""Executables with their runfiles, as entries of a layer."""

visibility(["//oci/..."])

# For rules that call program_entries.
RUNFILES_ATTRS = {
    "_empty": attr.label(
        allow_single_file = True,
        default = "//oci/private:empty",
    ),
}

_MAIN = "_main"

def runfiles_path(short_path):
    """The path of a file below a runfiles directory.

    Args:
        short_path: string, File.short_path

    Returns:
        string
    """
    if short_path.startswith("../"):
        return short_path[3:]
    return _MAIN + "/" + short_path

def _is_external(short_path):
    return short_path.startswith("../")

def _entry(path, mode, external = False, file = None, link = ""):
    header = {"path": path, "mode": mode, "uid": 0, "gid": 0, "uname": "root", "gname": "root"}
    if link:
        header["link"] = link
    return struct(external = external, file = file, header = header)

def _file_mode(file):
    # What a runfile is for is not known. Bazel's own runfiles can all be run.
    return "" if file.is_directory else "0755"

def runfiles_files(*, files, empty, symlinks, root_symlinks):
    """Works out what is at which path of a runfiles directory: the same as where Bazel makes one.

    Args:
        files: list of Files
        empty: dict of short path to File, of files that are to be there and are empty
        symlinks: list of SymlinkEntry, other names of files in this workspace's part
        root_symlinks: list of SymlinkEntry, other names in the directory itself

    Returns:
        dict of path to struct of file and external, whether another repository brings it, under whatever name.
    """
    found = {
        # One that starts in ../ is a name in another repository's part.
        runfiles_path(link.path): struct(external = _is_external(link.target_file.short_path), file = link.target_file)
        for link in symlinks
    }
    for file in files:
        found[runfiles_path(file.short_path)] = struct(external = _is_external(file.short_path), file = file)
    found = {path: value for path, value in found.items() if not _is_obscured(path, found)}
    for name, file in empty.items():  # such as Python's __init__.py
        found.setdefault(runfiles_path(name), struct(external = _is_external(name), file = file))
    for link in root_symlinks:
        found[link.path] = struct(external = _is_external(link.target_file.short_path), file = link.target_file)
    return found

def _is_obscured(path, found):
    """Whether something lies at a path above: what is there has the place, as with a folder of sources and its files."""
    parts = path.split("/")
    for n in range(1, len(parts)):
        if "/".join(parts[:n]) in found:
            return True
    return False

def program_entries(ctx, target, path):
    """Works out the entries of an executable: itself at a path, and its runfiles in PATH.runfiles.

    Flattens the runfiles: a layer is what they end in.

    Args:
        ctx: context of a rule with RUNFILES_ATTRS
        target: executable target
        path: string, absolute

    Returns:
        (err, entries): list as archive_entries returns it, of entries that have external, whether another repository brings
        it; without runfiles where the executable is the only one.
    """
    info = target[DefaultInfo]
    executable = info.files_to_run.executable
    if not executable:
        return "programs: %s is not executable; name it in files" % target.label, None
    runfiles = info.default_runfiles
    files = runfiles_files(
        empty = {name: ctx.file._empty for name in runfiles.empty_filenames.to_list()},
        files = runfiles.files.to_list(),
        root_symlinks = runfiles.root_symlinks.to_list(),
        symlinks = runfiles.symlinks.to_list(),
    )
    mapping = info.files_to_run.repo_mapping_manifest

    entries = [_entry(path, "0755", file = executable)]
    own = runfiles_path(executable.short_path)
    if not [name for name in files if name != own]:
        return None, entries
    root = path + ".runfiles/"
    if mapping:
        files["_repo_mapping"] = struct(external = False, file = mapping)
    for name, found in files.items():
        if name == own:
            entries.append(_entry(root + name, "0777", link = path))
        else:
            entries.append(_entry(root + name, _file_mode(found.file), external = found.external, file = found.file))
    return None, entries

def split_program_entries(entries):
    """Parts the entries of an executable by how often they change.

    Args:
        entries: list as program_entries returns it

    Returns:
        struct of external, what other repositories bring: interpreters and third-party code; and own, the rest.
    """
    return struct(
        external = [entry for entry in entries if entry.external],
        own = [entry for entry in entries if not entry.external],
    )
