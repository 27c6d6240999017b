"""Addresses that users name: the server calls public ones only, whatever a name resolves to."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from letta_client import Letta, UnprocessableEntityError

from app.errors import Unprocessable
from app.security import urls
from tests.app.conftest import application
from tests.support import postgres, server
from tests.support.model import Model, Say

INNER = (
    "http://127.0.0.1/", "http://localhost:8283/", "http://a.localhost/", "http://169.254.169.254/latest/meta-data",
    "http://10.0.0.8/", "http://172.16.3.4/", "http://192.168.1.1/", "http://100.64.0.1/", "http://0.0.0.0/",
    "http://[::1]/", "http://[fe80::1%25eth0]/", "http://[fd00:ec2::254]/", "http://[::ffff:127.0.0.1]/",
    "http://[64:ff9b::a9fe:a9fe]/", "http://[2002:7f00:1::]/", "http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/",
    "http://metadata.google.internal/", "http://224.0.0.1/", "http://localhost./",
)  # fmt: skip
WRONG = (
    "ftp://example.com/",
    "file:///etc/passwd",
    "http://",
    "example.com",
    "http://u:p@example.com/",
    "http://a b/",
    "http://[::1/",
)


@pytest.mark.parametrize("url", [*INNER, *WRONG])
def test_these_are_refused_at_once(url: str) -> None:
    with pytest.raises(Unprocessable):
        urls.check(url, private=False)


@pytest.mark.parametrize(
    "url", ["https://example.com/hook?x=1", "http://93.184.216.34:8080/", "https://[2606:2800::1]/"]
)
def test_public_ones_are_taken(url: str) -> None:
    urls.check(url, private=False)


@given(st.ip_addresses())
def test_an_address_is_public_or_not_in_every_wrapping(address) -> None:
    if address.version == 4:
        for wrapped in (f"::ffff:{address}", str(urls.NAT64[int(address)])):
            assert urls.public(wrapped) == urls.public(str(address))
    if address.is_private or address.is_loopback or address.is_link_local:
        assert not urls.public(str(address)) or urls._inner(address)


class _Hook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.taken.append(json.loads(body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[HTTPServer]:
    """Takes callbacks; `statuses` are its first answers, afterwards 200."""
    listening = HTTPServer(("127.0.0.1", 0), _Hook)
    listening.taken, listening.statuses = [], []
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield listening
    listening.shutdown()
    thread.join()
    listening.server_close()


def test_the_address_is_checked_when_the_connection_is_made(hook: HTTPServer, monkeypatch) -> None:
    """A name that resolved to a public address a moment ago, and to ours now."""
    real = socket.getaddrinfo

    def rebound(host, *args: object, **kwargs: object):
        return real("127.0.0.1" if host == "rebinding.example" else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    target = f"http://rebinding.example:{hook.server_port}/"
    urls.check(target, private=False)

    async def post(*, private: bool) -> int:
        async with urls.session(private=private, seconds=5) as session:
            async with session.post(target, json={}, allow_redirects=False) as answer:
                return answer.status

    with pytest.raises((aiohttp.ClientError, urls.ForbiddenAddressError)):
        asyncio.run(post(private=False))
    assert hook.taken == []
    assert asyncio.run(post(private=True)) == 200


def _settled(client: Letta, run_id: str):
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        run = client.runs.retrieve(run_id)
        if run.callback_sent_at or run.callback_error:
            return run
        time.sleep(0.2)
    raise AssertionError("no callback")


def test_a_run_calls_back_when_it_ends_and_tries_again(
    cluster: postgres.Cluster, database: str, model: Model, hook: HTTPServer
) -> None:
    model.script = lambda _: Say("done")
    hook.statuses = [302]
    variables = server.environment(application(cluster, database), model, ROOST_ALLOW_PRIVATE_URLS="true")
    with server.running(variables) as running, running.client() as client:
        agent = client.agents.create()
        run = client.agents.messages.create_async(
            agent.id, input="go", callback_url=f"http://127.0.0.1:{hook.server_port}/"
        )
        first = _settled(client, run.id)
        assert "redirects are not followed" in (first.callback_error or "redirects are not followed")
        deadline = time.monotonic() + 40
        while not client.runs.retrieve(run.id).callback_sent_at and time.monotonic() < deadline:
            time.sleep(0.2)
        told = client.runs.retrieve(run.id)
    assert (told.callback_status_code, told.callback_error) == (200, None)
    assert [one["attempt"] for one in hook.taken] == [1, 2]
    assert hook.taken[0]["run_id"] == run.id
    assert hook.taken[0]["status"] == "completed"


def test_a_callback_into_the_servers_network_is_refused(client: Letta) -> None:
    agent = client.agents.create()
    with pytest.raises(UnprocessableEntityError, match="own network"):
        client.agents.messages.create_async(agent.id, input="go", callback_url="http://169.254.169.254/")
