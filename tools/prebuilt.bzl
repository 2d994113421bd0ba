"""The platforms that this copy of rules_apk has prebuilt tools for. Written by tools/release; a checkout has none."""

visibility("//tools/...")

PREBUILT = []
