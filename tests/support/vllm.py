"""A real `vllm serve`, started with what our program renders, on a loopback port."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from infra.settings.inference_plan import plan_of
from infra.workloads import vllm_command
from infra.workloads.inference_pods import chat_pod, embedding_pod
from infra.workloads.model_pod import ModelPod
from tests.unit.stacks import settings_of

KEY = "key with spaces, $dollars and 'quotes'"
MIB = 2**20
CACHE_MIB = 256

AUDITED = Path(__file__).parent / "audited"


@dataclass
class Vllm:
    """A running server."""

    url: str
    process: subprocess.Popen[bytes]
    directory: Path
    cache: Path
    """What the pod sees as its cache directory."""
    pod: ModelPod

    @property
    def served_name(self) -> str:
        """What clients call the model."""
        return self.pod.command.served_name

    def logs(self) -> str:
        """What the server wrote."""
        return (self.directory / "log").read_text(errors="replace")

    def addresses(self) -> list[str]:
        """What its Python was led to: `connect <address>`, `bind <address>`, `name <host>`."""
        return (self.directory / "audit").read_text().splitlines()

    def kill(self) -> None:
        """End it and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def open(self, path: str, body: Any = None, *, key: str | None = KEY, seconds: float = 120) -> Any:
        """The response, with its body still to be read. Raises HTTPError."""
        request = urllib.request.Request(
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"}
            | ({"authorization": f"Bearer {key}"} if key else {}),
        )
        return urllib.request.urlopen(request, timeout=seconds)

    def ask(self, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """Status, and the body as JSON or text."""
        try:
            with self.open(path, body, **options) as response:
                return response.status, _parsed(response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _parsed(error.read())

    def chat(self, text: str = "Who are you?", **options: Any) -> dict[str, Any]:
        """A chat completion in one piece."""
        status, answer = self.ask("/v1/chat/completions", self.request(text, **options))
        assert status == 200, answer
        return answer

    def stream(self, text: str = "Who are you?", **options: Any) -> Iterator[dict[str, Any]]:
        """The chunks of a streamed chat completion; fails unless the stream is whole."""
        body = self.request(text, stream=True, stream_options={"include_usage": True}, **options)
        with self.open("/v1/chat/completions", body) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            last = b""
            for line in response:
                if line.startswith(b"data: {"):
                    yield json.loads(line[6:])
                last = line.strip() or last
            assert last == b"data: [DONE]"

    def request(self, text: str, **options: Any) -> dict[str, Any]:
        """The body of a chat completion."""
        return {"model": self.served_name, "messages": [{"role": "user", "content": text}], **options}


def pods_of(stack: str) -> tuple[ModelPod, ModelPod]:
    """What a stack runs: the agents' model, and the embedding model."""
    settings = settings_of(stack)
    plan = plan_of(settings)
    return (
        chat_pod(settings, plan, nodes={}, claim=None),
        embedding_pod(settings, plan, app_nodes={}, gpu_nodes={}),
    )


def with_model(pod: ModelPod, location: Path, **changes: Any) -> ModelPod:
    """The pod with the model of this directory, and what else has to change for it."""
    return replace(pod, command=replace(pod.command, location=str(location), **changes))


def on_this_machine(pod: ModelPod, directory: Path, cache: Path, port: int) -> tuple[str, dict[str, str]]:
    """The rendered script and environment, changed where a test's machine is not a pod. Nothing else differs.

    * The address is loopback, on a port of the test's own: a later argument wins.
    * What the pod mounts as its cache is a directory of the test's own.
    * For a processor, `--gpu-memory-utilization` means a share of the machine's memory: the KV cache gets a
      size instead.
    """
    key_file = directory / "key"
    key_file.write_text(KEY)
    script = f"{pod.command.script(str(key_file))} --host 127.0.0.1 --port {port}"
    if pod.command.device == "gpu":
        script += f" --kv-cache-memory-bytes {CACHE_MIB * MIB}"
    variables = {
        name: value.replace(vllm_command.CACHE_DIR, str(cache), 1)
        for name, value in {**pod.command.environment(), **pod.environment}.items()
    }
    return script, variables


def start(executable: Path, pod: ModelPod, directory: Path, cache: Path, extra: Sequence[str] = ()) -> Vllm:
    """Start the server and do not wait for it; `directory` is its own, `cache` may be a predecessor's."""
    port = _free_port()
    script, variables = on_this_machine(pod, directory, cache, port)
    inherited = {
        "PATH": f"{executable.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(AUDITED),
        "ROOST_AUDIT": str(directory / "audit"),
    }
    with (directory / "log").open("wb") as out:
        process = subprocess.Popen(
            ["sh", "-c", " ".join([script, *extra])],
            cwd=directory, env=inherited | variables, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    return Vllm(f"http://127.0.0.1:{port}", process, directory, cache, pod)


@contextlib.contextmanager
def serving(executable: Path, pod: ModelPod, directory: Path, cache: Path) -> Iterator[Vllm]:
    """A server that is ready; it and all its processes end with the block."""
    server = start(executable, pod, directory, cache)
    try:
        _await(server)
        yield server
    finally:
        server.kill()


def _await(server: Vllm) -> None:
    """Ready within the startup probe's budget."""
    deadline = time.monotonic() + server.pod.timing.startup.budget_seconds
    while time.monotonic() < deadline and server.process.poll() is None:
        with contextlib.suppress(OSError):
            if server.ask(vllm_command.HEALTH, key=None, seconds=5)[0] == 200:
                return
        time.sleep(0.5)
    raise AssertionError(f"vLLM did not become ready:\n{server.logs()[-6000:]}")


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
