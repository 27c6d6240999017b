"""Two ways to drive the plugin: over gRPC as the engine does, and by the real engine with a real program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import ItemsView
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)

from local.paths import REPO
from local.plugins.base.values import decode, encode
from local.progress import Quiet
from local.rehearsal.controlplane import ControlPlane
from local.toolchain import gobuild
from local.toolchain.launcher import write_script
from local.toolchain.versions import PULUMI

_CALL_SECONDS = 60
_COMMAND_SECONDS = 120


class EngineLog(engine_pb2_grpc.EngineServicer):
    """The engine's side of the conversation, reduced to remembering what it was told."""

    def __init__(self) -> None:
        self.lines: list[engine_pb2.LogRequest] = []

    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802
        self.lines.append(request)
        return empty_pb2.Empty()

    def texts(self, *, ephemeral: bool) -> list[str]:
        return [line.message for line in self.lines if line.ephemeral == ephemeral]


@dataclass
class Refusal(Exception):  # noqa: N818 - what the plugin answered, not a defect of the test
    """A gRPC error, with what the engine would store if the object exists but is not ready."""

    message: str
    code: grpc.StatusCode
    partial: provider_pb2.ErrorResourceInitFailed | None = None

    def __str__(self) -> str:
        return self.message


@dataclass
class Plugin:
    """A running plugin process."""

    process: subprocess.Popen[str]
    stub: provider_pb2_grpc.ResourceProviderStub
    log: EngineLog
    _engine: grpc.Server

    def call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self.stub, method)(request, timeout=_CALL_SECONDS)
        except grpc.RpcError as error:
            raise _refusal(error) from None

    def check(
        self,
        token: str,
        name: str,
        news: dict[str, Any],
        olds: dict[str, Any] | None = None,
        seed: bytes = b"s",
    ) -> dict[str, Any]:
        request = provider_pb2.CheckRequest(
            urn=urn(token, name), news=encode(news), olds=encode(olds or {}), randomSeed=seed
        )
        return decode(self.call("Check", request).inputs)

    def create(
        self, token: str, news: dict[str, Any], *, name: str = "it", timeout: float = 0, preview: bool = False
    ) -> Any:
        request = provider_pb2.CreateRequest(
            urn=urn(token, name), properties=encode(news), timeout=timeout, preview=preview
        )
        return self.call("Create", request)

    def diff(
        self, token: str, old: struct_pb2.Struct, old_inputs: dict[str, Any], news: dict[str, Any]
    ) -> provider_pb2.DiffResponse:
        request = provider_pb2.DiffRequest(
            urn=urn(token, "it"), id="x", olds=old, old_inputs=encode(old_inputs), news=encode(news)
        )
        return self.call("Diff", request)

    def update(
        self,
        token: str,
        identifier: str,
        old: struct_pb2.Struct,
        news: dict[str, Any],
        *,
        timeout: float = 0,
        ignore: tuple[str, ...] = (),
        preview: bool = False,
    ) -> Any:
        request = provider_pb2.UpdateRequest(
            urn=urn(token, "it"),
            id=identifier,
            olds=old,
            news=encode(news),
            timeout=timeout,
            ignoreChanges=ignore,
            preview=preview,
        )
        return self.call("Update", request)

    def read(
        self,
        token: str,
        identifier: str,
        state: struct_pb2.Struct | None = None,
        inputs: dict[str, Any] | None = None,
    ) -> Any:
        request = provider_pb2.ReadRequest(
            urn=urn(token, "it"), id=identifier, properties=state, inputs=encode(inputs or {})
        )
        return self.call("Read", request)

    def delete(self, token: str, identifier: str, state: struct_pb2.Struct, *, timeout: float = 0) -> None:
        request = provider_pb2.DeleteRequest(
            urn=urn(token, "it"), id=identifier, properties=state, timeout=timeout
        )
        self.call("Delete", request)

    def configure(self, **settings: Any) -> None:
        request = provider_pb2.ConfigureRequest(args=encode(settings), acceptSecrets=True)
        self.call("Configure", request)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        self._engine.stop(None)


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:test::project::{token}::{name}"


def start(settings: dict[str, Any], *, path: tuple[Path, ...] = ()) -> Plugin:
    """The plugin as the engine starts it, configured with `settings`; `path` goes in front of PATH."""
    log = EngineLog()
    engine = grpc.server(ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(log, engine)
    address = f"127.0.0.1:{engine.add_insecure_port('127.0.0.1:0')}"
    engine.start()
    process = subprocess.Popen(
        [sys.executable, "-m", "local.plugins.kubernetes", address],
        cwd=REPO,
        env={**os.environ, "PATH": os.pathsep.join([*map(str, path), os.environ["PATH"]])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    plugin = Plugin(process, provider_pb2_grpc.ResourceProviderStub(channel), log, engine)
    plugin.configure(**settings)
    return plugin


def _refusal(error: grpc.RpcError) -> Refusal:
    partial = None
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = status_pb2.Status.FromString(value)
            partial = provider_pb2.ErrorResourceInitFailed()
            status.details[0].Unpack(partial)
    return Refusal(error.details(), error.code(), partial)


class Cluster:
    """kubectl, as the person next to the program."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        done = subprocess.run(
            [str(self.plane.kubectl), f"--kubeconfig={self.plane.kubeconfig}", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, kind: str, name: str, namespace: str) -> dict[str, Any]:
        return json.loads(self.kubectl("get", kind, name, "-n", namespace, "-o", "json"))

    def labels(self, kind: str, name: str) -> ItemsView[str, str]:
        """The labels of an object that lives in no namespace."""
        return json.loads(self.kubectl("get", kind, name, "-o", "json"))["metadata"]["labels"].items()

    def apply(self, obj: dict[str, Any]) -> None:
        self.kubectl("apply", "-f", "-", stdin=json.dumps(obj))

    def set_status(self, kind: str, name: str, namespace: str, status: dict[str, Any]) -> None:
        """Report what a kubelet or a controller would report; see local/rehearsal/controlplane.py."""
        patch = json.dumps({"status": status})
        self.kubectl(
            "patch", kind, name, "-n", namespace, "--subresource=status", "--type=merge", "-p", patch
        )

    def await_new(self, uid: str, kind: str, name: str, namespace: str) -> None:
        """Return when the object has been replaced by another one of its name."""
        end = time.monotonic() + 40
        while time.monotonic() < end:
            arguments = (
                "get",
                kind,
                name,
                "-n",
                namespace,
                "--ignore-not-found",
                "-o",
                "jsonpath={.metadata.uid}",
            )
            if self.kubectl(*arguments) not in ("", uid):
                return
            time.sleep(0.2)
        raise AssertionError(f"{kind} {name} was not replaced")

    def report_pods(self, namespace: str, status: dict[str, Any]) -> None:
        """Report about every pod of the namespace what its kubelet would; waits for the first pod."""
        end = time.monotonic() + 20
        names: list[str] = []
        while not names and time.monotonic() < end:
            names = self.kubectl("get", "pods", "-n", namespace, "-o", "name").split()
            time.sleep(0.1)
        for name in names:
            try:
                self.set_status("pod", name.removeprefix("pod/"), namespace, status)
            except AssertionError as error:
                if "(NotFound)" not in str(error):  # a rollout may have ended the pod meanwhile
                    raise


def later(seconds: float, action: Any) -> threading.Thread:
    """Do something while the test waits; join it to see its failure."""

    def run() -> None:
        time.sleep(seconds)
        action()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


class Project:
    """A Pulumi project with a file backend, run by the real engine and language host with our plugin."""

    def __init__(self, root: Path, kubeconfig: Path) -> None:
        self.root = root
        self._kubeconfig = kubeconfig
        for name in ("program", "state", "home", "bin"):
            (root / name).mkdir()
        (root / "program" / "Pulumi.yaml").write_text("name: project\nruntime: python\n")
        for plugin, module in (("resource-kubernetes", "kubernetes"), ("language-python", "language_python")):
            write_script(
                root / "bin" / f"pulumi-{plugin}",
                f'#!/bin/sh\nexport PYTHONPATH="{REPO}"\n'
                f'exec {sys.executable} -m local.plugins.{module} "$@"\n',
            )
        self.run("stack", "init", "test")

    def write(self, program: str) -> None:
        (self.root / "program" / "__main__.py").write_text(
            "import pulumi\nimport pulumi_kubernetes as k8s\n"
            "cluster = k8s.Provider('cluster', kubeconfig=pulumi.Config().require('kubeconfig'), "
            "namespace=pulumi.Config().get('namespace'))\n"
            "to = pulumi.ResourceOptions(provider=cluster)\n" + textwrap.dedent(program)
        )

    def config(self, **values: str) -> None:
        pairs = [f"--plaintext={key}={value}" for key, value in values.items()]
        self.run("config", "set-all", *pairs)

    def up(self, *arguments: str, fails: bool = False) -> str:
        return self.run("up", "--yes", "--skip-preview", *arguments, fails=fails)

    def run(self, *arguments: str, fails: bool = False) -> str:
        environment = {
            **os.environ,
            "PATH": os.pathsep.join(
                [str(self.root / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
            ),
            "PULUMI_BACKEND_URL": f"file://{self.root / 'state'}",
            "PULUMI_HOME": str(self.root / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "ROOST_CACHE": str(self.root / "cache"),
        }
        binary = gobuild.build(PULUMI, Quiet()) / "pulumi"
        done = subprocess.run(
            [str(binary), *arguments, "--non-interactive", "--color=never"],
            cwd=self.root / "program",
            env=environment,
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
        said = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, said
        return said

    def state(self, name: str) -> dict[str, Any]:
        """The stored resource of that logical name."""
        exported = json.loads(self.run("stack", "export"))
        found = [r for r in exported["deployment"]["resources"] if r["urn"].endswith(f"::{name}")]
        return found[0]

    def raw_state(self) -> str:
        return "".join(path.read_text() for path in (self.root / "state").rglob("*.json"))
