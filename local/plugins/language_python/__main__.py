"""`pulumi-language-python`: serves the language host until the engine is done with it."""

from __future__ import annotations

import sys

import grpc
from pulumi.runtime.proto import language_pb2_grpc

from local.plugins.base.serving import serve
from local.plugins.language_python.host import PythonHost


def main() -> None:
    """Serve; the engine's address is the last argument."""
    host = PythonHost(engine_address=sys.argv[-1] if len(sys.argv) > 1 else "")

    def register(server: grpc.Server) -> None:
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)

    serve(register, on_exit=host.stop_children)


main()
