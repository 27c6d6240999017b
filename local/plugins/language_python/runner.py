"""Runs one Pulumi program, policy pack or plugin inside the interpreter that was chosen for it.

Started by path, because that interpreter need not know this package: it imports only the standard library
and, for programs and packs, the Pulumi SDK. Arguments: `program` or `plugin`, then the job as JSON;
`analyzer` reads its job from standard input, which may come long after the start, or never.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import logging
import os
import runpy
import signal
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

TOLD_THE_USER = 32
_INTERRUPTED = 130
_ORPHAN_CHECK_SECONDS = 1.0
# The SDK blocks one thread for every resource that is being registered; threads start only when needed.
_MAX_THREADS = 512


def main() -> int:
    """The exit status; TOLD_THE_USER when the engine has already been given an error to show."""
    mode = sys.argv[1]
    threading.Thread(target=_watch_parent, args=(os.getppid(),), daemon=True).start()
    # The host's own modules are none of the program's business.
    del sys.path[0]
    if mode == "analyzer":
        _analyzer()
        return 0
    job = json.loads(sys.argv[2])
    if mode == "program":
        return _program(job)
    sys.argv = [job["path"], *job["args"]]
    _run_path(job["path"])
    return 0


def _analyzer() -> None:
    # The host ends a pack by SIGINT: it has nothing to finish, and a traceback would look like an error.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for ahead in ("pulumi_policy", "pydantic.main"):
        with contextlib.suppress(ImportError):  # a pack that needs it says so itself
            importlib.import_module(ahead)
    given = sys.stdin.read()
    if not given:
        return
    job = json.loads(given)
    os.chdir(job["directory"])
    os.environ.clear()
    os.environ.update(job["variables"])
    sys.argv = ["pulumi.policy", job["engine"], job["path"]]
    runpy.run_module("pulumi.policy", run_name="__main__", alter_sys=True)


def _watch_parent(parent: int) -> None:
    """End this whole process group when the language host is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(_ORPHAN_CHECK_SECONDS)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _run_path(path: str) -> None:
    """Run a directory's `__main__.py`, or a file with its own directory importable."""
    if Path(path).is_file():
        sys.path.insert(0, str(Path(path).resolve().parent))
    runpy.run_path(path, run_name="__main__")


def _program(job: dict[str, Any]) -> int:
    try:
        import pulumi
    except ImportError as error:
        print(
            f"The Pulumi SDK cannot be imported by {sys.executable} ({error}). Install the program's "
            "packages into that environment, or set `runtime.options.virtualenv` in Pulumi.yaml.",
            file=sys.stderr,
        )
        return 1
    path = job["path"]
    if Path(path).is_dir() and not (Path(path) / "__main__.py").exists():
        _configure(job)
        pulumi.log.error(
            f"There is no __main__.py in {path}; `main` in Pulumi.yaml says where the program is"
        )
        return TOLD_THE_USER
    _configure(job)
    sys.argv = [path, *job["args"]]
    try:
        _run_in_stack(path, int(job["parallel"]))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return TOLD_THE_USER
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception:  # noqa: BLE001 - whatever the program raises is for its author to read
        pulumi.log.error(f"Program failed with an unhandled exception:\n{_own_frames(path)}")
        return TOLD_THE_USER
    return 0


def _configure(job: dict[str, Any]) -> None:
    from pulumi import runtime
    from pulumi.runtime import config

    runtime.set_all_config(config.get_config_env(), config.get_config_secret_keys_env())
    runtime.configure(
        runtime.Settings(
            project=job["project"],
            stack=job["stack"],
            monitor=job["monitor"],
            engine=job["engine"],
            parallel=int(job["parallel"]),
            dry_run=bool(job["dry_run"]),
            organization=job["organization"],
            root_directory=job["root_directory"],
        )
    )


def _run_in_stack(path: str, parallel: int) -> None:
    from pulumi import runtime

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=min(max(parallel, 1) * 4, _MAX_THREADS))
    loop.set_default_executor(executor)
    # A program that fails leaves the rest of its graph unresolved, and asyncio would list every future of
    # it after the one error that matters.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        loop.run_until_complete(runtime.run_in_stack(lambda: _run_path(path)))
    finally:
        executor.shutdown(wait=True)
        loop.close()


def _own_frames(path: str) -> str:
    """The current exception's traceback from the program's first frame on; all of it if there is none."""
    root = Path(path).resolve()
    frames = traceback.extract_tb(sys.exc_info()[2])
    for index, frame in enumerate(frames):
        if Path(frame.filename).resolve() in {root, root / "__main__.py"}:
            return traceback.format_exc(limit=index - len(frames))
    return traceback.format_exc()


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(status)
