"""The parts of a running server, made once in the lifespan and handed to handlers."""

from __future__ import annotations

from dataclasses import dataclass

from app.db.pool import Database
from app.db.revisions import Revisions
from app.http.lifecycle import Lifecycle
from app.llm.client import Client
from app.messages.service import Sender
from app.models.service import Models
from app.security.encryption import Cipher
from app.security.identity import Identity
from app.settings import Settings
from app.telemetry.watchdog import Watchdog
from app.tools.custom import CustomTools
from app.turns.events import Recorder
from app.turns.supervisor import Turns


@dataclass(frozen=True)
class Services:
    """Everything that outlives a request. No globals: tests build their own."""

    settings: Settings
    db: Database
    pools: tuple[Database, ...]
    """Every pool of the process, for its statistics."""
    cipher: Cipher
    identity: Identity
    llm: Client
    models: Models
    custom: CustomTools
    turns: Turns
    sender: Sender
    recorder: Recorder
    lifecycle: Lifecycle
    watchdog: Watchdog
    revisions: Revisions
