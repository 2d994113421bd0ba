"""A dependency of the application."""


def hello(names):
    return "hello, " + (" and ".join(names) or "world")
