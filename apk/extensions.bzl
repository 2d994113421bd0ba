"""The module extension of rules_apk."""

load("//apk/private:extension.bzl", _apk = "apk")

apk = _apk
