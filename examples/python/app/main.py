"""Greets, and says with which Python and which TLS library."""

import platform
import ssl
import sys

import greeting


def main():
    print(greeting.hello(sys.argv[1] if len(sys.argv) > 1 else "world"))
    print("Python", platform.python_version(), platform.machine(), ssl.OPENSSL_VERSION)


if __name__ == "__main__":
    main()
