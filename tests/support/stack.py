"""The running local stack, as a user's shell sees it after `make up`."""

from __future__ import annotations

import json
import os
import shlex
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from letta_client import Letta

REPO = Path(__file__).parents[2]
UPDATE_SECONDS = 600


@dataclass
class Traffic:
    """What a client saw that kept asking while something else happened."""

    requests: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass
class Stack:
    """Commands against the stack with the environment of `make env`."""

    env: dict[str, str]

    def run(
        self, *argv: str, cwd: Path = REPO, timeout: float = UPDATE_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv, cwd=cwd, env=self.env, capture_output=True, text=True, timeout=timeout, check=False
        )

    def pulumi(self, *arguments: str, cwd: Path = REPO) -> str:
        result = self.run(
            "pulumi", *arguments, "--stack", "local", "--non-interactive", "--color=never", cwd=cwd
        )
        assert result.returncode == 0, f"pulumi {arguments[0]} failed:\n{result.stdout}\n{result.stderr}"
        return result.stdout

    def up(self, cwd: Path = REPO) -> str:
        return self.pulumi("up", "--yes", "--skip-preview", cwd=cwd)

    def kubectl(self, *arguments: str, timeout: float = 180) -> str:
        result = self.run("kubectl", "-n", "roost", *arguments, timeout=timeout)
        assert result.returncode == 0, f"kubectl {' '.join(arguments)}: {result.stderr}"
        return result.stdout

    def kubectl_json(self, *arguments: str) -> Any:
        return json.loads(self.kubectl(*arguments, "-o", "json"))

    def client(self) -> Letta:
        verify = httpx.Client(verify=self.ca_context(), timeout=30)
        return Letta(
            base_url=self.env["LETTA_BASE_URL"], api_key=self.env["LETTA_API_KEY"], http_client=verify
        )

    def ca_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.env["SSL_CERT_FILE"])

    @contextmanager
    def traffic(self) -> Iterator[Traffic]:
        """A client that lists agents through the edge, over and over, until the block ends."""
        seen, stop = Traffic(), threading.Event()

        def ask() -> None:
            headers = {"Authorization": f"Bearer {self.env['LETTA_API_KEY']}"}
            with httpx.Client(verify=self.ca_context(), timeout=10, headers=headers) as http:
                while not stop.is_set():
                    seen.requests += 1
                    try:
                        answer = http.get(f"{self.env['LETTA_BASE_URL']}/v1/agents/?limit=1")
                        if answer.status_code != 200:
                            seen.failures.append(f"{answer.status_code} {answer.text[:200]}")
                    except httpx.HTTPError as error:
                        seen.failures.append(repr(error))
                    stop.wait(0.05)

        threads = [threading.Thread(target=ask, daemon=True) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            yield seen
        finally:
            stop.set()
            for thread in threads:
                thread.join(15)


def eventually(check: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until `check` holds; exceptions count as "not yet"."""
    deadline, last = time.monotonic() + seconds, ""
    while time.monotonic() < deadline:
        try:
            if check():
                return
        except Exception as error:  # noqa: BLE001  the thing under test is down while we wait for it
            last = repr(error)
        time.sleep(0.5)
    raise AssertionError(f"not within {seconds:.0f} s: {what} {last}")


def make_env() -> dict[str, str]:
    """The exports of `make env`, laid over this process's environment."""
    text = subprocess.run(
        ["make", "-s", "env"], cwd=REPO, capture_output=True, text=True, timeout=120, check=True
    ).stdout
    exports = [shlex.split(line)[1] for line in text.splitlines()]
    return {**os.environ, **dict(word.split("=", 1) for word in exports)}


def say(client: Letta, agent_id: str, text: str) -> str:
    """Send one message; the assistant's words."""
    answer = client.agents.messages.create(agent_id, messages=[{"role": "user", "content": text}])
    words = [
        str(message.content) for message in answer.messages if message.message_type == "assistant_message"
    ]
    return " ".join(words)


def recalls(stack: Stack, agent_id: str) -> bool:
    """Whether the agent still knows what it was told at the start."""
    return "Skerryvore" in say(stack.client(), agent_id, "What do you know about my lighthouse?")
