load("@rules_apk//tools:defs.bzl", "toolset")

toolset(
    name = "tools",
    apkinit = "apkinit",
    apklock = "apklock",
    ocibuild = "ocibuild",
    ocideploy = "ocideploy",
    ocifetch = "ocifetch",
    ociruntest = "ociruntest",
    ocitest = "ocitest",
    visibility = ["//visibility:public"],
)
