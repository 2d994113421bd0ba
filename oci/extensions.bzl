"""The module extension for images of registries."""

load("//oci/private:extension.bzl", _oci = "oci")

oci = _oci
