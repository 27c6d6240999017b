"""Publishes the edge on the host's loopback: `python -m local.machine.forward 8443=10.201.0.2:30443 …`."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sys

CONNECT_SECONDS = 5.0
CHUNK_BYTES = 256 * 1024


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(CHUNK_BYTES):
            sink.write(data)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()


async def _relay(client: tuple[asyncio.StreamReader, asyncio.StreamWriter], host: str, port: int) -> None:
    reader, writer = client
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            upstream_reader, upstream_writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        writer.close()
        return
    try:
        await asyncio.gather(_copy(reader, upstream_writer), _copy(upstream_reader, writer))
    finally:
        upstream_writer.close()
        writer.close()


async def serve(routes: dict[int, tuple[str, int]]) -> None:
    """Listen on 127.0.0.1 for each local port and relay to its target until cancelled."""
    servers: list[asyncio.Server] = []
    for local_port, (host, port) in routes.items():

        def accept(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str = host, port: int = port
        ) -> asyncio.Task[None]:
            return asyncio.create_task(_relay((reader, writer), host, port))

        servers.append(await asyncio.start_server(accept, "127.0.0.1", local_port, reuse_address=True))
    await asyncio.gather(*(server.serve_forever() for server in servers))


def parse(arguments: list[str]) -> dict[int, tuple[str, int]]:
    """`LOCAL=HOST:PORT` words to a routing table."""
    routes: dict[int, tuple[str, int]] = {}
    for word in arguments:
        local_port, _, target = word.partition("=")
        host, _, port = target.rpartition(":")
        routes[int(local_port)] = (host, int(port))
    return routes


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # two descriptors for each connection
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parse(sys.argv[1:])))
