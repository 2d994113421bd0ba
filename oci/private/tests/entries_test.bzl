"""Tests of entries.bzl."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//oci/private:entries.bzl", "archive_entries", "parse_owner", "parse_xattrs", "path_problem")

visibility("private")

def _file(name):
    return struct(basename = name)

def _entries(files = [], directories = [], symlinks = {}, modes = {}, owners = {}, xattrs = {}):
    return archive_entries(
        directories = directories,
        files = files,
        modes = modes,
        owners = owners,
        symlinks = symlinks,
        xattrs = xattrs,
    )

def _header(path, mode, uid = 0, gid = 0, uname = "root", gname = "root", **kwargs):
    header = {"path": path, "mode": mode, "uid": uid, "gid": gid, "uname": uname, "gname": gname}
    header.update(kwargs)
    return header

def _entries_test_impl(ctx):
    env = unittest.begin(ctx)
    program = _file("program")
    data = _file("data.txt")
    err, entries = _entries(
        directories = ["/var/lib/x/"],
        files = [("/usr/bin/p", program, "0755"), ("/etc/", data, "0644"), ("/opt", _file("tree"), "")],
        modes = {"/usr/bin/p": "4755", "/var/lib/x": "0700"},
        owners = {"/etc/data.txt": "0:8:root:mail", "/var/lib/x": "65532:65532"},
        symlinks = {"/a": "usr/bin/p"},
        xattrs = {"/usr/bin/p": ["user.a=YQ==", "user.b="]},
    )
    asserts.equals(env, None, err)
    asserts.equals(
        env,
        [
            (_header("/a", "0777", link = "usr/bin/p"), None),
            (_header("/etc/data.txt", "0644", gid = 8, gname = "mail"), data),
            (_header("/opt", ""), _file("tree")),
            (_header("/usr/bin/p", "4755", xattrs = {"user.a": "YQ==", "user.b": ""}), program),
            (_header("/var/lib/x", "0700", gid = 65532, gname = "", uid = 65532, uname = ""), None),
        ],
        [(entry.header, entry.file) for entry in entries],
    )
    return unittest.end(env)

entries_test = unittest.make(_entries_test_impl)

def _bad_entries_test_impl(ctx):
    env = unittest.begin(ctx)
    data = _file("data.txt")
    for want, arguments in {
        "/a: mode is \"abc\", want an octal number such as 0755": {"directories": ["/a"], "modes": {"/a": "abc"}},
        "/a: owner is \"root\", want uid:gid or uid:gid:user:group with numbers as ids": {
            "directories": ["/a"],
            "owners": {"/a": "root"},
        },
        "modes: nothing has the path \"/b\"": {"directories": ["/a"], "modes": {"/b": "0755"}},
        "owners: nothing has the path \"/a/\"": {"directories": ["/a"], "owners": {"/a/": "0:0"}},
        "symlinks: /a is to \"\", want a path such as ../lib/hello": {"symlinks": {"/a": ""}},
        "xattrs: nothing has the path \"/a\"": {"xattrs": {"/a": ["user.a="]}},
        "/a: attribute is \"user.a\", want name=value with the value in base64, and each name once": {
            "directories": ["/a"],
            "xattrs": {"/a": ["user.a"]},
        },
        "path is \"/a\" twice": {"directories": ["/a"], "symlinks": {"/a": "b"}},
        "path is \"/etc/data.txt\" twice": {"files": [("/etc/", data, "0644"), ("/etc/data.txt", data, "0644")]},
        "path is \"etc/x\", want an absolute one": {"files": [("etc/x", data, "0644")]},
    }.items():
        err, _ = _entries(**arguments)
        asserts.equals(env, want, err)
    return unittest.end(env)

bad_entries_test = unittest.make(_bad_entries_test_impl)

def _owners_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, (None, struct(gid = 2, gname = "", uid = 1, uname = "")), parse_owner("1:2"))
    asserts.equals(env, (None, struct(gid = 2, gname = "b", uid = 1, uname = "a")), parse_owner("1:2:a:b"))
    for bad in ["", "1", "a:b", "1:2:a", "-1:0", "1:2:a:b:c"]:
        asserts.true(env, parse_owner(bad)[0] != None, bad)
    return unittest.end(env)

owners_test = unittest.make(_owners_test_impl)

def _xattrs_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, (None, {"user.a": "YQ==", "user.b": ""}), parse_xattrs(["user.a=YQ==", "user.b="]))
    for bad in [[""], ["a"], ["=a"], ["a=", "a="]]:
        asserts.true(env, parse_xattrs(bad)[0] != None, str(bad))
    return unittest.end(env)

xattrs_test = unittest.make(_xattrs_test_impl)

def _paths_test_impl(ctx):
    env = unittest.begin(ctx)
    for path, good in {
        "": False,
        "/": False,
        "/a": True,
        "/a/": True,
        "/a/../b": False,
        "/a/./b": False,
        "/a/..b": True,
        "/a//b": False,
        "a": False,
    }.items():
        asserts.equals(env, good, path_problem(path) == None, path)
    return unittest.end(env)

paths_test = unittest.make(_paths_test_impl)

def entries_test_suite(name):
    unittest.suite(name, entries_test, bad_entries_test, owners_test, paths_test, xattrs_test)
