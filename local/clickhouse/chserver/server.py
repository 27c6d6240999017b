"""ClickHouse's HTTP interface, as far as its clients need it: /ping, and statements by GET and POST."""

from __future__ import annotations

import base64
import binascii
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast
from urllib.parse import parse_qsl, urlsplit

from chserver.hello import QUESTION, hello
from chserver.sessions import QueryError, Sessions

_TEXT = "text/plain; charset=UTF-8"
_COMPRESSED = (
    "Code: 36. DB::Exception: this server does not compress: set `compress: none` in the exporter, or "
    "`compress=False` in the client."
)


class Server(ThreadingHTTPServer):
    """Answers on an address until it is shut down."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], sessions: Sessions) -> None:
        super().__init__(address, _Handler)
        self.sessions = sessions


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """`/ping`, or a statement in the URL."""
        parts = urlsplit(self.path)
        if parts.path in ("/ping", "/replicas_status"):
            self._answer(200, b"Ok.\n")
        else:
            self._statement(dict(parse_qsl(parts.query, keep_blank_values=True)), b"")

    def do_POST(self) -> None:
        """A statement in the URL or at the beginning of the body; the rest of the body is its data."""
        options = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        self._statement(options, self._body())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class' name
        """Nothing: statements carry what people said."""

    @property
    def _sessions(self) -> Sessions:
        return cast("Server", self.server).sessions

    def _statement(self, options: dict[str, str], body: bytes) -> None:
        user, password = self._login(options)
        if not self._sessions.admits(user, password):
            text = f"Code: 516. DB::Exception: {user}: Authentication failed. (AUTHENTICATION_FAILED)"
            self._answer(403, text.encode(), {"X-ClickHouse-Exception-Code": "516"})
            return
        if {options.get("compress"), options.get("decompress")} & {"1", "true"}:
            self._answer(400, _COMPRESSED.encode(), {"X-ClickHouse-Exception-Code": "36"})
            return
        query = options.get("query", "").encode()
        statement = query + b"\n" + body if query and body else query or body
        database = options.get("database") or self.headers.get("X-ClickHouse-Database") or "default"
        output = options.get("default_format") or self.headers.get("X-ClickHouse-Format") or "TSV"
        revision = options.get("client_protocol_version", "")
        try:
            if statement.strip() == QUESTION and revision.isdecimal():
                version = self._sessions.run(user, "default", b"SELECT version()", "TSVRaw").decode().strip()
                answer = hello(version, int(revision))
            else:
                answer = self._sessions.run(user, database, statement, output)
        except QueryError as error:
            self._answer(500, str(error).encode(), {"X-ClickHouse-Exception-Code": error.code})
        else:
            self._answer(200, answer, {"X-ClickHouse-Format": output, "X-ClickHouse-Timezone": "UTC"})

    def _login(self, options: dict[str, str]) -> tuple[str, str]:
        """By ClickHouse's headers, HTTP's own, or the URL."""
        if user := self.headers.get("X-ClickHouse-User"):
            return user, self.headers.get("X-ClickHouse-Key", "")
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                user, _, password = base64.b64decode(value).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return "", ""
            return user, password
        return options.get("user", "default"), options.get("password", "")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0], 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": _TEXT, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
