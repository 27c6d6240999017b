"""Fallback plugins: small stand-ins for Pulumi plugins that this machine cannot download.

Each is an executable that prints a port and serves gRPC; `local/toolchain/pulumi.py` decides whether one is
needed and writes its launcher. An official plugin always wins.
"""
