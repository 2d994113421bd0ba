"""Says which Python this is, and whether what applications need of the system is there."""

import ctypes
import platform
import sqlite3
import ssl
import sys
import zlib

import greeting


def main():
    print("Python", platform.python_version(), platform.machine())
    print("zlib", zlib.decompress(zlib.compress(b"packed")).decode())
    print("sqlite3", sqlite3.connect(":memory:").execute("select 6 * 7").fetchone()[0])
    print("ctypes", ctypes.CDLL("libc.so.6").abs(-7))
    print("certificates", ssl.create_default_context().cert_store_stats()["x509_ca"])
    print(greeting.hello(sys.argv[1:]))


if __name__ == "__main__":
    main()
