"""Rules for APK packages and the images made from them."""

load("//apk/private:accounts.bzl", _apk_group = "apk_group", _apk_path = "apk_path", _apk_user = "apk_user")
load("//apk/private:apk_image.bzl", _apk_image = "apk_image")
load("//apk/private:apk_index.bzl", _apk_index = "apk_index")
load("//apk/private:apk_package.bzl", _apk_package = "apk_package")
load("//apk/private/providers:closure.bzl", _ApkClosureInfo = "ApkClosureInfo")
load("//apk/private/providers:package.bzl", _ApkPackageInfo = "ApkPackageInfo")

apk_group = _apk_group
apk_image = _apk_image
apk_index = _apk_index
apk_package = _apk_package
apk_path = _apk_path
apk_user = _apk_user
ApkClosureInfo = _ApkClosureInfo
ApkPackageInfo = _ApkPackageInfo
