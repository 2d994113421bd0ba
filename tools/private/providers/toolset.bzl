"""ToolsetInfo: the programs that rules_apk runs, for one kind of machine."""

visibility("public")  # Loaded by the repositories of prebuilt tools.

DOC = "The programs that rules_apk runs, for one kind of machine. Each is a DefaultInfo, or None if the toolset lacks it."

FIELDS = {
    "apkinit": "DefaultInfo or None; run by people: starts a workspace",
    "apklock": "DefaultInfo or None; run by people and by tests: packages are resolved and locked",
    "ocibuild": "DefaultInfo or None; run in actions: makes images",
    "ocideploy": "DefaultInfo or None; run by people, and in actions that fetch layers: images come and go",
    "ocifetch": "DefaultInfo or None; run in actions: downloads what is pinned by digest",
    "ociruntest": "DefaultInfo or None; run as a test, and inside of containers",
    "ocitest": "DefaultInfo or None; run as a test",
    "requirements": "dict of strings, execution requirements of ocibuild's actions",
}

ToolsetInfo = provider(doc = DOC, fields = FIELDS)
