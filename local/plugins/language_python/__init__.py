"""A Python language host for machines where `pulumi-language-python` cannot be downloaded.

It runs programs, policy packs and plugins written in Python. It generates no code, starts no debugger and
runs no type checker before the program.
"""
