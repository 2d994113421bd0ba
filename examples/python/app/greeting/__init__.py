"""A dependency of the application."""


def hello(name):
    return "hello, " + name
