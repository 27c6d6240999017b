"""`make serve`: the agent server by itself on loopback, until Ctrl-C."""

from __future__ import annotations

import os
import secrets
import sys
from contextlib import ExitStack
from dataclasses import dataclass

from rich.console import Console

from local.cli import facts, stopping
from local.cli.phases import Run
from local.progress import PhaseError
from local.serving import database, postgres, server

PASSWORD = "LETTA_SERVER_PASSWORD"  # noqa: S105 - its name
MODELS = (
    "VLLM_API_BASE",
    "OPENAI_API_BASE",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "AWS_DEFAULT_REGION",
)
"""Any of them names a model's endpoint."""

NO_MODEL = """No model is named. Set one of
  VLLM_API_BASE       the URL of an OpenAI-compatible endpoint, such as vLLM's
  OPENAI_API_KEY      and OPENAI_API_BASE for another address than OpenAI's
  ANTHROPIC_API_KEY
  AWS_DEFAULT_REGION  for Bedrock
and LETTA_DEFAULT_LLM_HANDLE=<provider>/<model>; for archival memory EMBEDDING_API_BASE,
LETTA_DEFAULT_EMBEDDING_HANDLE and LETTA_EMBEDDING_DIM."""

OURS = ("DATABASE", "PORT", "WORKERS", "STANDIN")


@dataclass(frozen=True)
class Wish:
    """What was given to make."""

    port: str
    workers: str
    standin: bool


def serve(console: Console, wish: Wish) -> int:
    """Start what is needed, say where it is, wait; 0 after Ctrl-C, 1 when the server ended by itself.

    Raises:
        PhaseError: a setting is missing or unusable.
    """
    port, workers = _number("PORT", wish.port, 1, 65535), _number("WORKERS", wish.workers, 1, 64)
    password = _password()
    if not wish.standin and not any(os.environ.get(name) for name in MODELS):
        raise PhaseError(NO_MODEL, "Or try the repository's scripted model: make serve STANDIN=1")
    if facts.is_busy(port):
        raise PhaseError(f"Something else listens on port {port}.", "Choose another: make serve PORT=…")
    run = Run(console)
    variables = {name: value for name, value in os.environ.items() if name not in OURS}
    variables |= {PASSWORD: password, "LETTA_UVICORN_WORKERS": str(workers)}
    with stopping.orderly(), ExitStack() as stack:
        try:
            variables |= _database(run, stack)
            if wish.standin:
                with run.phase("Model") as phase:
                    variables |= stack.enter_context(server.standin(phase))
                    phase.result("the repository's scripted stand-in")
            with run.phase("Server") as phase:
                running = stack.enter_context(server.server(variables, port, phase))
                phase.result(f"ready, {workers} worker{'s' if workers > 1 else ''}")
            _say(console, running.url, None if os.environ.get(PASSWORD) else password)
            running.output.show()
            running.process.wait()
        except KeyboardInterrupt:
            console.print("\n  Stopping.")
            return 0
    console.print(f"  ✗ The server ended by itself (exit code {running.process.returncode}).", style="red")
    return 1


def _database(run: Run, stack: ExitStack) -> dict[str, str]:
    with run.phase("Database") as phase:
        if os.environ.get(database.URI):
            found = database.adopt(phase)
            phase.result("yours, migrated")
            return found
        phase.note("starting a private PostgreSQL")
        settings = postgres.WITHOUT_DURABILITY | {"max_connections": "300", "shared_buffers": "256MB"}
        cluster = stack.enter_context(postgres.cluster(settings))
        found = database.create(cluster, "letta", phase)
        phase.result("private, gone with this command; LETTA_PG_URI keeps agents in one of yours")
        return found


def _password() -> str:
    """The one that was set, or a new one, which only a terminal may show."""
    given = os.environ.get(PASSWORD)
    if not given and not sys.stdout.isatty():
        raise PhaseError(
            "The output is no terminal, and a generated key is shown on a terminal only.",
            f"Set {PASSWORD} to a key of your own.",
        )
    return given or secrets.token_urlsafe(24)


def _number(name: str, text: str, low: int, high: int) -> int:
    if not (text.isdecimal() and low <= int(text) <= high):
        raise PhaseError(f"{name} is {text!r}.", f"It must be a number from {low} to {high}.")
    return int(text)


def _say(console: Console, url: str, password: str | None) -> None:
    shown = password or f"the one in {PASSWORD}"
    console.print(f"\n  URL  {url}\n  Key  {shown}\n\n  Ctrl-C stops it. Its log follows.\n", markup=False)
