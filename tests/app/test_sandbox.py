"""What a tool cannot do: each attempt runs in a real sandbox, and must not disturb the next call."""

from __future__ import annotations

import asyncio
import os
import socket
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.sandbox.limits import Limits
from app.sandbox.pool import Sandbox
from app.sandbox.types import Job, Result

SECONDS = 3


class Running:
    """A sandbox on an event loop of its own, for tests that are not asynchronous."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.sandbox = self.wait(self._make())

    async def _make(self) -> Sandbox:
        return Sandbox(Limits(seconds=SECONDS, concurrency=4))

    def wait(self, work) -> object:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def call(self, body: str, seconds: float | None = None, **given: object) -> Result:
        """Run the body of a function `tool`."""
        code = "def tool(**given):\n" + textwrap.indent(textwrap.dedent(body), "    ")
        return self.wait(self.sandbox.run(Job(code, "tool", given), seconds))

    def alive(self) -> None:
        """The sandbox still does its work, in the same process as before."""
        assert self.call("return 6 * 7").value == 42

    def close(self) -> None:
        self.wait(self.sandbox.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    os.environ["SERVER_SECRET"] = "the-servers-own"
    running = Running()
    yield running
    running.close()
    del os.environ["SERVER_SECRET"]


def test_the_walls_hold_here(sandbox: Running) -> None:
    layers = sandbox.wait(sandbox.sandbox.layers())
    assert layers["holes"] == []
    assert layers["landlock"] >= 1


def test_nothing_of_the_servers_environment_is_there(sandbox: Running) -> None:
    assert sandbox.call("import os; return sorted(os.environ)").value == ["HOME", "LANG", "PATH", "TMPDIR"]
    for path in (f"/proc/{os.getpid()}/environ", "/proc/self/environ", "/proc/1/environ"):
        read = sandbox.call("return open(given['path'], 'rb').read().decode()", path=path)
        assert not read.ok, path
        assert "PermissionError" in read.text
    parents = sandbox.call("import os; return open(f'/proc/{os.getppid()}/mem', 'rb').read(1)")
    assert not parents.ok


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/etc/shadow", "/root", "/home", "/", __file__, "/proc/self/maps", "/sys"]
)
def test_files_of_others_are_not_read(sandbox: Running, path: str) -> None:
    tried = sandbox.call(
        "import os; return os.listdir(given['p']) if os.path.isdir(given['p']) else open(given['p']).read()",
        p=path,
    )
    assert not tried.ok
    assert "Permission" in tried.text


def test_nothing_is_written_outside_the_scratch_directory(sandbox: Running, tmp_path: Path) -> None:
    target = tmp_path / "kept"
    target.write_text("kept")
    target.chmod(0o666)
    tmp_path.chmod(0o777)
    for attempt in (
        "open(p, 'w').write('x')", "import os; os.unlink(p)", "import os; os.rename(p, p + '2')",
        "import os; os.truncate(p, 0)", "import os; os.chmod(p, 0)", "import os; os.mkdir(p + 'd')",
        "import os; os.symlink(p, 'link'); open('link', 'a').write('x')",
        "import os; os.link(p, 'hard'); open('hard', 'a').write('x')",
    ):  # fmt: skip
        tried = sandbox.call(f"p = given['p']; {attempt}", p=str(target))
        assert not tried.ok, attempt
    assert target.read_text() == "kept"
    assert target.stat().st_mode & 0o777 == 0o666
    assert [one.name for one in tmp_path.iterdir()] == ["kept"]


def test_the_scratch_directory_is_private_and_goes_away(sandbox: Running) -> None:
    body = "import os, tempfile; open('mine', 'w').write('x'); tempfile.mkdtemp(); return os.getcwd()"
    here = sandbox.call(body).value
    assert sandbox.call("import os; return os.listdir(given['p'])", p=here).ok is False
    deadline = time.monotonic() + 5
    while Path(here).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(here).exists()


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('127.0.0.1', given['port']), 2)",
        "socket.create_connection(('169.254.169.254', 80), 2)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', given['port']))",
        "socket.socket(socket.AF_INET6).connect(('::1', given['port']))",
        "socket.socket(socket.AF_UNIX).connect('/run/anything')",
        "socket.socketpair(type=socket.SOCK_DGRAM)",
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "urllib.request.urlopen(f\"http://localhost:{given['port']}\", timeout=2)",
    ],
)
def test_there_is_no_network(sandbox: Running, attempt: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        tried = sandbox.call(f"import socket, urllib.request\n{attempt}", port=server.getsockname()[1])
        assert not tried.ok
        with pytest.raises(TimeoutError):
            server.accept()


def test_the_model_is_told_that_there_is_no_network(sandbox: Running) -> None:
    tried = sandbox.call("import urllib.request; urllib.request.urlopen('http://example.com')")
    assert "Tools have no network" in tried.text
    assert "Tools have no network" not in sandbox.call("raise ValueError('x')").text


@pytest.mark.parametrize(
    "attempt",
    [
        "os.kill(os.getppid(), 9)", "os.kill(given['server'], 9)", "os.kill(-1, 9)",
        "os.killpg(os.getpgid(0), 9)",
        "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
        "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
        "os.sched_setaffinity(os.getppid(), {0})",
        "ctypes.CDLL(None, use_errno=True).ptrace(16, os.getppid(), 0, 0) and 1 / 0",
    ],
)  # fmt: skip
def test_other_processes_are_out_of_reach(sandbox: Running, attempt: str) -> None:
    tried = sandbox.call(f"import os, resource, ctypes\n{attempt}", server=os.getpid())
    assert not tried.ok
    sandbox.alive()


@pytest.mark.parametrize(
    "attempt",
    [
        "while True: os.fork()", "subprocess.run(['ls'])", "os.system('ls') and 1 / 0",
        "multiprocessing.Process(target=print).start()", "os.execv('/bin/sh', ['sh'])",
    ],
)  # fmt: skip
def test_no_process_is_started(sandbox: Running, attempt: str) -> None:
    tried = sandbox.call(f"import os, subprocess, multiprocessing\n{attempt}")
    assert not tried.ok
    sandbox.alive()


def test_threads_work_and_are_bounded(sandbox: Running) -> None:
    body = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "return sum(ThreadPoolExecutor(8).map(abs, range(100)))"
    )
    assert sandbox.call(body).value == 4950
    bomb = (
        "import threading, time\nthreading.stack_size(32768)\n"
        "while True: threading.Thread(target=time.sleep, args=(9,)).start()"
    )
    assert not sandbox.call(bomb).ok
    sandbox.alive()


def test_an_endless_loop_ends(sandbox: Running) -> None:
    began = time.monotonic()
    tried = sandbox.call("print('begun')\nwhile True: pass", seconds=0.5)
    assert not tried.ok
    assert tried.text == "tool did not finish: it was not done after 0.5 seconds."
    assert tried.stdout == ["begun"]
    assert time.monotonic() - began < SECONDS + 5
    sandbox.alive()


def test_signals_and_exits_of_its_own_do_not_save_a_tool(sandbox: Running) -> None:
    stubborn = """
    import signal, time
    for number in range(1, 32):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        time.sleep(1)
    """
    assert "not done" in sandbox.call(stubborn, seconds=0.5).text
    assert sandbox.call("import sys; sys.exit(3)").text == "tool failed with SystemExit: 3"
    assert "ended with 5" in sandbox.call("import os; os._exit(5)").text
    assert "ended with -11" in sandbox.call("import ctypes; ctypes.string_at(0)").text
    sandbox.alive()


@pytest.mark.parametrize("hog", [
    "x = []\nwhile True: x.append(bytearray(1 << 20))",
    "return bytearray(1 << 30)",
                                 "import mmap\nreturn len(mmap.mmap(-1, 1 << 30))"])  # fmt: skip
def test_memory_is_bounded(sandbox: Running, hog: str) -> None:
    tried = sandbox.call(hog)
    assert not tried.ok
    assert "Memory" in tried.text or "memory" in tried.text
    sandbox.alive()


def test_disk_is_bounded(sandbox: Running) -> None:
    assert "File too large" in sandbox.call("open('big', 'wb').write(b'x' * (1 << 25))").text
    many = "import time\nfor n in range(40): open(f'f{n}', 'wb').write(b'x' * (15 << 20))\ntime.sleep(30)"
    assert "too much" in sandbox.call(many).text
    files = "import time\nfor n in range(2200): open(f'f{n}', 'w').close()\ntime.sleep(30)"
    assert "too much" in sandbox.call(files).text
    sandbox.alive()


def test_output_is_bounded(sandbox: Running) -> None:
    printed = sandbox.call("for n in range(20000): print('x' * 100)\nreturn 'done'")
    assert printed.text == "done"
    assert sum(map(len, printed.stdout)) <= 65_536
    returned = sandbox.call("return 'x' * 5_000_000")
    assert (returned.ok, len(returned.text), returned.value) == (True, 1_000_000, None)
    flood = "import os\nwhile True: os.write(3, b'x' * 65536)"
    assert not sandbox.call(flood).ok
    sandbox.alive()


def test_a_forged_answer_is_only_the_tools_own(sandbox: Running) -> None:
    forged = (
        "import os, struct\nbody = b'[1]'\nos.write(3, struct.pack('=cI', b'r', len(body)) + body)\nreturn 1"
    )
    assert not sandbox.call(forged).ok
    broken = "import os, struct\nos.write(3, struct.pack('=cI', b'r', 4) + b'nope')\nreturn 1"
    assert sandbox.call(broken).text == "The tool sent no valid result."
    sandbox.alive()


def test_calls_know_nothing_of_each_other(sandbox: Running) -> None:
    sandbox.call("import json, os\njson.left = 'here'\nos.environ['LEFT'] = 'here'")
    assert sandbox.call("import json, os\nreturn [hasattr(json, 'left'), 'LEFT' in os.environ]").value == [
        False,
        False,
    ]
    job = Job("import os\ndef tool(): return os.environ['K']", "tool", {}, {"K": "mine"})
    assert sandbox.wait(sandbox.sandbox.run(job)).value == "mine"
    assert sandbox.call("import os; return os.environ.get('K')").value is None


def test_a_cancelled_call_is_killed(sandbox: Running) -> None:
    async def cancel() -> str:
        code = "def tool():\n    import os, time\n    print(os.getcwd())\n    time.sleep(60)"
        task = asyncio.create_task(sandbox.sandbox.run(Job(code, "tool", {})))
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and _scratches():  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.05)
        return _scratches()

    def _scratches() -> list[str]:
        directory = sandbox.sandbox._zygote._directory
        return [one.name for one in Path(directory, "calls").iterdir()]

    assert sandbox.wait(cancel()) == []
    sandbox.alive()


def test_the_sandbox_comes_back_when_its_process_dies(sandbox: Running) -> None:
    process = sandbox.sandbox._zygote._process
    process.kill()
    process.wait()
    assert sandbox.call("return 1").value == 1
    assert sandbox.sandbox._zygote._process.pid != process.pid


def test_values_of_every_kind_come_back_as_json(sandbox: Running) -> None:
    body = """
    import datetime, decimal, dataclasses, math
    @dataclasses.dataclass
    class Point:
        x: int
    return [{1: (2, 3)}, datetime.date(2026, 1, 31), Point(4), math.inf, b'x', decimal.Decimal('1.5'), {5}]
    """
    assert sandbox.call(body).value == [
        {"1": [2, 3]}, "2026-01-31", {"x": 4}, "inf", "b'x'", "1.5", [5],
    ]  # fmt: skip
    assert sandbox.call("a = []; a.append(a); return a").ok


def test_where_a_wall_is_missing_no_tool_runs_unless_told_to(sandbox: Running) -> None:
    zygote = sandbox.sandbox._zygote
    zygote.layers["holes"] = ["read files of the server"]
    try:
        with pytest.raises(Exception, match=r"read files of the server.*ROOST_TOOL_SANDBOX_DEGRADED"):
            sandbox.call("return 1")
    finally:
        zygote.layers["holes"] = []
