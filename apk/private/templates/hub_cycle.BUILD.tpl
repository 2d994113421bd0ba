
load("@rules_apk//apk/private:hub_cycle.bzl", "hub_cycle")

hub_cycle(
    name = "_cycle",
    visibility = ["//visibility:public"],
    deps = {deps},
)
