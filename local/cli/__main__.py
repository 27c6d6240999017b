"""Command line behind the Makefile: `python -m local.cli <command>`."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable

from rich.console import Console

from local.cli.phases import PhaseFailedError
from local.progress import PhaseError

WIDTH = 160
"""Of output that goes to no terminal: tables and sentences stay whole."""

# Each command imports what it needs when it runs: `make env` should not wait for what `make up` needs.


def _up(args: argparse.Namespace, console: Console) -> int:
    from local.cli.up import up

    return up(console, args.context or None)


def _proof(_args: argparse.Namespace, console: Console) -> int:
    from local.cli.up import prove_again

    return prove_again(console)


def _down(_args: argparse.Namespace, console: Console) -> int:
    from local.cli.clean import down

    return down(console)


def _clean(args: argparse.Namespace, console: Console) -> int:
    from local.cli.clean import clean

    return clean(console, confirmed=args.yes)


def _status(_args: argparse.Namespace, console: Console) -> int:
    from local.cli.status import status

    return status(console)


def _logs(args: argparse.Namespace, _console: Console) -> int:
    from local.cli.logs import logs

    return logs(args.service, follow=args.follow)


def _shell(_args: argparse.Namespace, _console: Console) -> int:
    from local.cli.shell import shell

    return shell()


def _env(_args: argparse.Namespace, _console: Console) -> int:
    from local.cli.shell import env

    return env()


def _timings(_args: argparse.Namespace, console: Console) -> int:
    from local.cli import timings

    runs = timings.load()[-4:]
    timings.show(console, runs, "the last runs of make up") if runs else console.print(
        "  No run of make up yet."
    )
    return 0


def _bench_up(args: argparse.Namespace, console: Console) -> int:
    from local.cli.bench import bench_up

    return bench_up(console, confirmed=args.yes)


def _serve(args: argparse.Namespace, console: Console) -> int:
    from local.cli.serve import Wish, serve

    return serve(console, Wish(port=args.port, workers=args.workers, standin=args.standin))


def _bench_peer(args: argparse.Namespace, console: Console) -> int:
    from local.cli.bench_server import bench_peer

    return bench_peer(console, quick=args.quick)


def _bench_curves(args: argparse.Namespace, console: Console) -> int:
    from local.bench.growth import Wish
    from local.cli.bench_server import bench_curves

    return bench_curves(console, Wish(quick=args.quick, large=args.large, minutes=args.minutes))


def _rehearse(args: argparse.Namespace, console: Console) -> int:
    from local.cli.rehearse import rehearse

    return rehearse(console, args.stack)


def _policy(args: argparse.Namespace, console: Console) -> int:
    from local.cli.policy import policy

    return policy(console, args.stack)


def _size(args: argparse.Namespace, console: Console) -> int:
    from local.cli.size import Wish, size

    return size(
        console,
        Wish(
            model=args.model,
            context=args.context,
            concurrency=args.concurrency,
            replicas=args.replicas,
            fp8=args.fp8,
        ),
    )


def _cost(args: argparse.Namespace, console: Console) -> int:
    from local.cli.cost import Request, cost

    asked = Request(
        stack=args.stack, preview=args.preview, state=args.state, usage=args.usage, as_json=args.json
    )
    return cost(console, asked)


def _preflight(args: argparse.Namespace, console: Console) -> int:
    from local.cli.account import preflight

    return preflight(console, args.stack)


def _bench_policies(_args: argparse.Namespace, console: Console) -> int:
    from local.cli.rehearse import bench_policies

    return bench_policies(console)


def _develop(name: str) -> Callable[[argparse.Namespace, Console], int]:
    def command(args: argparse.Namespace, console: Console) -> int:
        from local.cli import develop

        commands: dict[str, Callable[[], int]] = {
            "lint": develop.lint,
            "types": develop.types,
            "unit": develop.unit,
            "e2e": develop.e2e,
            "docs": develop.docs,
            "contract": develop.contract,
            "lock": develop.compile_locks,
            "images": lambda: develop.images(console),
            "test": lambda: develop.test(console, args.arguments),
            "vllm-test": lambda: develop.vllm_test(console, args.arguments),
        }
        return commands[name]()

    return command


def parser() -> argparse.ArgumentParser:
    """Every command with its arguments; `handler` is what runs it."""
    root = argparse.ArgumentParser(prog="python -m local.cli", description="Roost on this machine.")
    commands = root.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(
        name: str, handler: Callable[[argparse.Namespace, Console], int], text: str
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(handler=handler)
        return command

    add("up", _up, "set up everything and prove it").add_argument("--context", default="")
    add("proof", _proof, "hold the proof's conversation again")
    add("down", _down, "stop everything that `up` started")
    add("clean", _clean, "down, then remove data and caches").add_argument("--yes", action="store_true")
    add("status", _status, "what runs")
    log_command = add("logs", _logs, "the log of a workload or component")
    log_command.add_argument("service")
    log_command.add_argument("--follow", action="store_true")
    add("shell", _shell, "a shell for the running stack")
    add("env", _env, "shell exports for the running stack")
    serving = add("serve", _serve, "the agent server by itself on loopback")
    serving.add_argument("--port", default="8283")
    serving.add_argument("--workers", default="1")
    serving.add_argument("--standin", action="store_true")
    add("timings", _timings, "how long past runs of `up` took")
    add("bench-up", _bench_up, "time a cold and a second `up`").add_argument("--yes", action="store_true")
    add("bench-peer", _bench_peer, "the server beside letta 0.16.8").add_argument(
        "--quick", action="store_true"
    )
    curves = add("bench-curves", _bench_curves, "the server alone, as data, workers and time grow")
    curves.add_argument("--quick", action="store_true")
    curves.add_argument("--large", action="store_true")
    curves.add_argument("--minutes", type=float, default=2.0)
    add("rehearse", _rehearse, "dev, prod or prod-dr on an emulated AWS account").add_argument("stack")
    add("policy", _policy, "the policy packs on a stack").add_argument("stack")
    add("preflight", _preflight, "whether the AWS account can carry a stack").add_argument("stack")
    sizing = add("size", _size, "GPU instances that serve a model, with their price")
    for option in ("model", "context", "concurrency", "replicas", "fp8"):
        sizing.add_argument(f"--{option}", default="")
    cost_command = add("cost", _cost, "what a stack costs, and what a preview would change in that")
    cost_command.add_argument("stack", nargs="?", default="")
    cost_command.add_argument("--preview", default="")
    cost_command.add_argument("--state", default="")
    cost_command.add_argument("--usage", default="")
    cost_command.add_argument("--json", action="store_true")
    add("bench-policies", _bench_policies, "what the policy packs cost")
    for name, text in (("test", "lint, types, tests"), ("vllm-test", "the tests of the real vLLM")):
        add(name, _develop(name), text).add_argument("arguments", nargs="*")
    for name, text in (
        ("lint", "ruff"),
        ("types", "basedpyright"),
        ("unit", "the fast tests"),
        ("e2e", "the end-to-end tests"),
        ("docs", "regenerate docs/settings.md"),
        ("contract", "write down which resources the AWS stacks register"),
        ("lock", "resolve the lock files"),
        ("images", "build the images"),
    ):
        add(name, _develop(name), text)
    return root


def main(argv: list[str]) -> int:
    """Run one command; what can be explained is explained on stderr, without a traceback."""
    args = parser().parse_args(argv)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    errors = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else WIDTH)
    try:
        return args.handler(args, console)
    except PhaseFailedError:
        return 1
    except PhaseError as problem:
        errors.print(f"  ✗ {problem.message}", style="bold red", markup=False)
        errors.print(f"    → {problem.remedy}", markup=False)
        return 1
    except KeyboardInterrupt:
        _say_interrupted(errors, args.command)
        return 130
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _say_interrupted(errors: Console, command: str) -> None:
    if command != "up":
        errors.print("  Interrupted.")
        return
    from local import machine

    running = "The cluster goes on running" if machine.status() else "Nothing is running"
    errors.print(f"\n  Interrupted. {running}; what was finished is kept.", style="yellow")
    errors.print("  `make up` goes on from here; `make down` stops what runs.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
