"""An OpenTelemetry collector, as far as spans go: keeps what is posted to /v1/traces."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Collector:
    """The running collector. `status` is what it answers."""

    url: str = ""
    status: int = 200
    raw: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def resources(self) -> list[dict[str, Any]]:
        """The `resourceSpans` of every request."""
        return [one for body in self.raw for one in json.loads(body)["resourceSpans"]]

    def spans(self, trace_id: str | None = None) -> list[dict[str, Any]]:
        """The spans so far, of this trace or of all, with their attributes as a dict."""
        found = [
            span | {"attributes": attributes(span["attributes"])}
            for resource in self.resources()
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]
        return [span for span in found if trace_id in {None, span["traceId"]}]


def attributes(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    """OTLP's key-values as a dict; integers come as text."""
    return {pair["key"]: next(iter(pair["value"].values())) for pair in pairs}


@contextlib.contextmanager
def collecting() -> Generator[Collector]:
    """Run a collector on a loopback port."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            assert self.path == "/v1/traces"
            collector.headers.append({name.lower(): value for name, value in self.headers.items()})
            if collector.status == 200:
                collector.raw.append(body)
            self.send_response(collector.status)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.url = f"http://127.0.0.1:{listening.server_address[1]}"
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join(5)
