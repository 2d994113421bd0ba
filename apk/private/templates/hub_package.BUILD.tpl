load("@rules_apk//apk/private:hub_package.bzl", "hub_package")

hub_package(
    name = "{name}",
    lock = "//:_lock",
    order = select({order}),
    package = select({package}),
    visibility = ["//visibility:public"],
    deps = {deps},
)
