"""Rules for OCI images, whatever their layers are made from."""

load("//oci/private:oci_binary_image.bzl", _oci_binary_image = "oci_binary_image")
load("//oci/private:oci_image.bzl", _oci_image = "oci_image")
load("//oci/private:oci_index.bzl", _oci_index = "oci_index")
load("//oci/private:oci_layer.bzl", _oci_layer = "oci_layer")
load("//oci/private:oci_layout.bzl", _oci_layout = "oci_layout")
load("//oci/private:oci_load.bzl", _oci_load = "oci_load")
load("//oci/private:oci_push.bzl", _oci_push = "oci_push")
load("//oci/private:oci_push_all.bzl", _oci_push_all = "oci_push_all")
load("//oci/private:oci_run_test.bzl", _oci_run_test = "oci_run_test")
load("//oci/private:oci_substitute.bzl", _oci_substitute = "oci_substitute")
load("//oci/private:oci_test.bzl", _oci_test = "oci_test")
load("//oci/private/providers:image.bzl", _OciImageInfo = "OciImageInfo")
load("//oci/private/providers:index.bzl", _OciIndexInfo = "OciIndexInfo")
load("//oci/private/providers:layer.bzl", _OciLayerInfo = "OciLayerInfo")

oci_binary_image = _oci_binary_image
oci_image = _oci_image
oci_index = _oci_index
oci_layer = _oci_layer
oci_layout = _oci_layout
oci_load = _oci_load
oci_push = _oci_push
oci_push_all = _oci_push_all
oci_run_test = _oci_run_test
oci_substitute = _oci_substitute
oci_test = _oci_test
OciImageInfo = _OciImageInfo
OciIndexInfo = _OciIndexInfo
OciLayerInfo = _OciLayerInfo
