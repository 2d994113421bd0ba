"""Executables with their runfiles, as entries of a layer."""

visibility(["//oci/..."])

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

def is_external(path):
    """Whether a file below a runfiles directory comes from another repository.

    Args:
        path: string, as runfiles_path returns it

    Returns:
        bool
    """
    return not path.startswith(_MAIN + "/")

def _entry(path, mode, file = None, link = ""):
    header = {"path": path, "mode": mode, "uid": 0, "gid": 0, "uname": "root", "gname": "root"}
    if link:
        header["link"] = link
    return struct(file = file, header = header)

def _file_mode(file):
    # What a runfile is for is not known. Bazel's own runfiles can all be run.
    return "" if file.is_directory else "0755"

def program_entries(target, path):
    """Works out the entries of an executable: itself at a path, and its runfiles in PATH.runfiles.

    Flattens the runfiles: a layer is what they end in.

    Args:
        target: executable target
        path: string, absolute

    Returns:
        list as archive_entries returns it; without runfiles where the executable is the only one.
    """
    info = target[DefaultInfo]
    executable = info.files_to_run.executable
    if not executable:
        fail("programs: %s is not executable; name it in files" % target.label)
    runfiles = info.default_runfiles
    files = {runfiles_path(file.short_path): file for file in runfiles.files.to_list()}
    for link in runfiles.symlinks.to_list():
        files[_MAIN + "/" + link.path] = link.target_file
    for link in runfiles.root_symlinks.to_list():
        files[link.path] = link.target_file
    mapping = info.files_to_run.repo_mapping_manifest

    entries = [_entry(path, "0755", file = executable)]
    own = runfiles_path(executable.short_path)
    if not [name for name in files if name != own]:
        return entries
    root = path + ".runfiles/"
    if mapping:
        files["_repo_mapping"] = mapping
    for name, file in files.items():
        if name == own:
            entries.append(_entry(root + name, "0777", link = path))
        else:
            entries.append(_entry(root + name, _file_mode(file), file = file))
    return entries

def split_program_entries(entries, path):
    """Parts the entries of an executable by how often they change.

    Args:
        entries: list as program_entries returns it
        path: string, the executable's

    Returns:
        struct of external, what other repositories bring: interpreters and third-party code; and own, the rest.
    """
    root = path + ".runfiles/"
    external = []
    own = []
    for entry in entries:
        name = entry.header["path"].removeprefix(root)
        if name != entry.header["path"] and is_external(name) and name != "_repo_mapping":
            external.append(entry)
        else:
            own.append(entry)
    return struct(external = external, own = own)
