"""The programs that rules_apk runs, for workspaces that bring their own."""

load("//tools/private:toolset.bzl", _toolset = "toolset")
load("//tools/private/providers:toolset.bzl", _ToolsetInfo = "ToolsetInfo")

toolset = _toolset
ToolsetInfo = _ToolsetInfo
