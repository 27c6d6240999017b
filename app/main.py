"""Builds the server from its settings. Nothing happens at import time."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypedDict

import asyncpg
from fastapi import APIRouter, FastAPI
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp

from app import __version__
from app.admin.routes import router as admin
from app.agentfiles.routes import router as agentfiles
from app.agents.prompt_routes import router as prompts
from app.agents.routes import router as agents
from app.agents.tags import router as tags
from app.archives.library_routes import router as library
from app.archives.routes import router as archives
from app.blocks.routes import router as blocks
from app.conversations.control import router as conversation_control
from app.conversations.routes import router as conversations
from app.db import revisions
from app.db.pool import Database
from app.errors import AppError
from app.http import errors, openapi
from app.http.asgi import Middleware
from app.http.health import router as health
from app.http.lifecycle import Lifecycle
from app.http.unserved import early
from app.http.unserved import router as unserved
from app.jobs.routes import router as jobs
from app.llm.client import Client
from app.messages.organisation import router as all_messages
from app.messages.routes import router as messages
from app.messages.search_routes import router as message_search
from app.messages.service import Sender
from app.models.routes import router as models
from app.models.service import Models
from app.runs.callbacks import Callbacks
from app.runs.routes import router as runs
from app.sandbox.pool import Sandbox
from app.security.encryption import Cipher
from app.security.identity import Identity
from app.services import Services
from app.settings import Settings
from app.steps.routes import router as steps
from app.telemetry import otlp
from app.telemetry.watchdog import Patience, Watchdog
from app.tools.agent_routes import router as agent_tools
from app.tools.custom import CustomTools
from app.tools.routes import router as tools
from app.tools.service import seed
from app.turns.events import Recorder
from app.turns.loop import Loop
from app.turns.recovery import Recovery
from app.turns.routes import router as context
from app.turns.supervisor import Turns
from app.upkeep.jobs import of as jobs_of
from app.upkeep.scheduler import Scheduler
from app.usage.routes import router as usage

log = logging.getLogger("roost")

SEED_RETRY_SECONDS = 1.0

ROUTERS: tuple[APIRouter, ...] = (
    early, health, admin, agent_tools, agents, archives, blocks, jobs, messages, models, runs, tools,
    conversations,
    message_search, all_messages,
    library,
    tags,
    steps, context,
    agentfiles,
    usage,
    prompts,
    conversation_control,
    unserved,  # last: it takes whatever is left under /v1
)  # fmt: skip


class State(TypedDict):
    """What the lifespan gives to every request."""

    services: Services


def create_app(settings: Settings, lifecycle: Lifecycle | None = None) -> ASGIApp:
    """The whole server as one ASGI application. `lifecycle` is shared with whoever handles signals."""
    shared = lifecycle or Lifecycle()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[State]:
        async with _running(settings, shared) as services:
            yield {"services": services}

    app = FastAPI(title="Roost", version=__version__, lifespan=lifespan, redirect_slashes=False)
    errors.install(app)
    openapi.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.add_api_route("/", lambda: RedirectResponse("/docs"), include_in_schema=False)
    return Middleware(app, shared)


@asynccontextmanager
async def _running(settings: Settings, lifecycle: Lifecycle) -> AsyncGenerator[Services]:
    """Everything that lives as long as the process; torn down in reverse."""
    db = await Database.open(
        settings,
        size=settings.pool_size,
        overflow=settings.pool_overflow,
        patience=settings.pool_timeout,
        idle=settings.pool_recycle,
    )
    executor = ThreadPoolExecutor(thread_name_prefix="work")
    asyncio.get_running_loop().set_default_executor(executor)
    watchdog = Watchdog(Patience(settings.stalled_seconds, settings.recovered_seconds), executor)
    llm = Client()
    catalogue = Models(llm, settings)
    background_db = await Database.open(settings, size=1, application="roost-turns")
    upkeep_db = await Database.open(settings, size=1, application="roost-upkeep", command=60, idle=30)
    recorder = Recorder(db)
    turns = Turns(background_db, lifecycle)
    cipher = Cipher(settings.encryption_key, settings.previous_encryption_key)
    custom = CustomTools(db, cipher, Sandbox(settings.tool_limits()))
    loop = Loop(db, llm, catalogue, custom, keep_traces=settings.track_provider_trace)
    recovery = Recovery(background_db, lifecycle, turns, recorder, loop)
    scheduler = Scheduler(upkeep_db, lifecycle, turns.owner, jobs_of(settings, upkeep_db, catalogue))
    callbacks = Callbacks(background_db, private=settings.private_urls)
    identity = Identity(db, settings)
    services = Services(
        settings=settings,
        db=db,
        pools=(db, background_db, upkeep_db),
        identity=identity,
        cipher=cipher,
        custom=custom,
        llm=llm,
        models=catalogue,
        turns=turns,
        sender=Sender(db, loop, turns, recorder, settings.busy_seconds),
        recorder=recorder,
        lifecycle=lifecycle,
        watchdog=watchdog,
        revisions=revisions.read(),
    )
    try:
        async with asyncio.TaskGroup() as background:
            spans = background.create_task(otlp.export(settings), name="spans")
            tasks = [
                background.create_task(turns.beat(), name="heartbeat"),
                background.create_task(recovery.run(), name="recovery"),
                background.create_task(recorder.run(), name="recorder"),
                background.create_task(callbacks.run(), name="callbacks"),
                background.create_task(scheduler.run(), name="scheduler"),
                background.create_task(_prepare(services), name="prepare"),
                background.create_task(watchdog.beat(), name="watchdog"),
                *(background.create_task(work, name=name) for name, work in identity.tasks().items()),
            ]
            gc.collect()
            gc.freeze()
            gc.set_threshold(20_000, 50, 50)
            gc.enable()
            yield services
            for task in tasks:
                task.cancel()
            await turns.release()
            spans.cancel()  # last: the released turns' spans are sent, too
    finally:
        await identity.close()
        await custom.close()
        await llm.aclose()
        await db.close()
        await background_db.close()
        await upkeep_db.close()


async def _prepare(services: Services) -> None:
    """Seed the base tools as soon as the database is there and migrated; readiness waits for it."""
    while True:
        try:
            await seed(services.db)
        except (AppError, OSError, TimeoutError) as error:
            log.info("waiting for the database: %s", error)
        except asyncpg.PostgresError as error:
            log.warning("the database is not ready for this version: %s", error)
        except Exception:  # the supervisor of a background task; readiness stays red
            log.exception("cannot seed the base tools")
        else:
            services.lifecycle.prepared = True
            return
        await asyncio.sleep(SEED_RETRY_SECONDS)
