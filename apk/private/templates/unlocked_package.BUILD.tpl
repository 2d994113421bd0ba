load("@rules_apk//apk/private:unlocked_package.bzl", "unlocked_package")

unlocked_package(
    name = "{name}",
    target_compatible_with = [{constraint}],
    visibility = ["//visibility:public"],
)
