"""The language host service: answers the engine's questions and starts what it wants run."""

from __future__ import annotations

import importlib.metadata
import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from local.plugins.base.engine import Engine
from local.plugins.language_python.children import Children
from local.plugins.language_python.interpreter import Interpreter, choose
from local.plugins.language_python.packs import Packs

_RUNNER = Path(__file__).with_name("runner.py")
# The runner exits with this when the user has already been told what is wrong.
_TOLD_THE_USER = 32
_CHUNK_BYTES = 64 * 1024
_QUESTION_SECONDS = 60
_LIST_PACKAGES = (
    "import importlib.metadata as m, json; "
    "print(json.dumps(sorted({(d.metadata['Name'], d.version) for d in m.distributions()})))"
)


class PythonHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs Python programs, policy packs and plugins for one engine."""

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address
        self._children = Children()
        self._packs = Packs(self._children)

    def stop_children(self) -> None:
        """End every program that is still running."""
        self._children.stop_all()

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        self._engine_address = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        # The engine finds plugins when a resource first needs them; announcing them here would make it
        # insist on downloads, which is what this machine cannot do.
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(
        self, request: language_pb2.GetRequiredPluginsRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPluginsResponse:
        return language_pb2.GetRequiredPluginsResponse()

    def About(
        self, request: language_pb2.AboutRequest, context: grpc.ServicerContext
    ) -> language_pb2.AboutResponse:
        python = choose(request.info)
        version = _ask(python, "import platform; print(platform.python_version())")
        return language_pb2.AboutResponse(executable=str(python.executable), version=version.strip())

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        packages: list[tuple[str, str]] = json.loads(_ask(choose(request.info), _LIST_PACKAGES))
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=name, version=version) for name, version in packages
            ]
        )

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        python = choose(request.info)
        text = (
            f"Programs run with {python.executable}. This fallback language host installs no packages: "
            "install them into that environment, or name another one under `runtime.options.virtualenv` in "
            "Pulumi.yaml.\n"
        )
        yield language_pb2.InstallDependenciesResponse(stdout=text.encode())

    def Run(
        self, request: language_pb2.RunRequest, context: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        Engine(self._engine_address).say_fallback("language-python", "pulumi-language-python")
        python = choose(request.info)
        variables = python.variables(os.environ)
        variables["PULUMI_CONFIG"] = json.dumps(dict(request.config))
        variables["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(list(request.configSecretKeys))
        process = self._children.start(
            [str(python.executable), "-u", str(_RUNNER), "program", json.dumps(self._job(request))],
            directory=Path(request.pwd or request.info.program_directory),
            variables=variables,
            # The engine reads the host's own output and shows it as the program's.
            capture=False,
        )
        context.add_callback(lambda: self._children.stop(process))
        return _verdict(self._children.finish(process))

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        python = choose(request.info)
        given = dict(entry.split("=", 1) for entry in request.env if "=" in entry)
        variables = python.variables(given or os.environ)
        job = {
            "path": str(Path(request.info.program_directory) / request.info.entry_point),
            "args": list(request.args),
            "engine": self._engine_address,
        }
        if request.kind == "analyzer":
            folder = Path(request.info.program_directory)
            process = self._packs.start(python, job, directory=folder, variables=variables)
        else:
            process = self._children.start(
                [str(python.executable), "-u", str(_RUNNER), "plugin", json.dumps(job)],
                directory=Path(request.pwd),
                variables=variables,
                capture=True,
            )
        context.add_callback(lambda: self._children.stop(process))
        yield from _stream(process)
        yield language_pb2.RunPluginResponse(exitcode=self._children.finish(process))

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self._children.stop_all()
        return empty_pb2.Empty()

    def _job(self, request: language_pb2.RunRequest) -> dict[str, object]:
        return {
            "path": str(Path(request.info.program_directory) / request.info.entry_point),
            "args": list(request.args),
            "engine": self._engine_address,
            "monitor": request.monitor_address,
            "organization": request.organization,
            "project": request.project,
            "stack": request.stack,
            "root_directory": request.info.root_directory,
            "parallel": request.parallel,
            "dry_run": request.dryRun,
        }


def _verdict(status: int) -> language_pb2.RunResponse:
    if status == _TOLD_THE_USER:
        return language_pb2.RunResponse(bail=True)
    if status < 0:
        return language_pb2.RunResponse(error=f"Program was ended by signal {-status}")
    if status > 0:
        return language_pb2.RunResponse(error=f"Program exited with non-zero exit code: {status}")
    return language_pb2.RunResponse()


def _ask(python: Interpreter, code: str) -> str:
    """What `code` prints in that interpreter."""
    return subprocess.run(
        [str(python.executable), "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=_QUESTION_SECONDS,
    ).stdout


def _stream(process: subprocess.Popen[bytes]) -> Iterator[language_pb2.RunPluginResponse]:
    """Both outputs of a process, in the order in which they arrive, until it closes them."""
    chunks: queue.Queue[language_pb2.RunPluginResponse | None] = queue.Queue()
    pipes: list[tuple[Literal["stdout", "stderr"], IO[bytes] | None]] = [
        ("stdout", process.stdout),
        ("stderr", process.stderr),
    ]
    for name, pipe in pipes:
        assert pipe is not None
        threading.Thread(target=_pump, args=(name, pipe, chunks), daemon=True).start()
    open_pipes = len(pipes)
    while open_pipes:
        chunk = chunks.get()
        if chunk is None:
            open_pipes -= 1
        else:
            yield chunk


def _pump(
    name: Literal["stdout", "stderr"],
    pipe: IO[bytes],
    chunks: queue.Queue[language_pb2.RunPluginResponse | None],
) -> None:
    while data := os.read(pipe.fileno(), _CHUNK_BYTES):
        chunks.put(
            language_pb2.RunPluginResponse(stdout=data)
            if name == "stdout"
            else language_pb2.RunPluginResponse(stderr=data)
        )
    pipe.close()
    chunks.put(None)
