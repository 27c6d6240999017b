"""`roost`: serve, and prepare database and store. Errors end on stderr, with the cause as the last line."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import sys
from collections.abc import Callable, Sequence

from app import __version__, settings
from app.settings import DatabaseSettings, KeySettings, SettingsError
from app.store import command as store


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 when it worked, 1 when it failed, 2 for wrong settings or arguments."""
    parser = argparse.ArgumentParser(prog="roost", description="The agent server.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="answer requests until SIGTERM")
    database = commands.add_parser("db", help="prepare the database")
    steps = database.add_subparsers(dest="step", required=True)
    steps.add_parser("bootstrap", help="as the master login: extension, logins, schema, grants")
    steps.add_parser("migrate", help="as the migrator: upgrade the schema to this version")
    steps.add_parser("check", help="exit 0 when the schema is as new as this version")
    kept = commands.add_parser("secrets", help="what users keep encrypted in the database")
    kept.add_subparsers(dest="step", required=True).add_parser(
        "rotate", help="re-encrypt with the current key what the previous one encrypted"
    )
    store.add_to(commands.add_parser("store", help="prepare, back up and restore the telemetry store"))
    model = commands.add_parser("model", help="the models that the server uses")
    model.add_subparsers(dest="step", required=True).add_parser("check", help="exit 0 when they answer")
    weights = commands.add_parser("weights", help="bring a model's files to where they are needed")
    ways = weights.add_subparsers(dest="step", required=True)
    ways.add_parser("fetch", help="from Hugging Face into the bucket")
    ways.add_parser("copy", help="from the bucket onto this machine's disk")
    commands.add_parser("heartbeat", help="say that the cluster lives, and measure the database")
    arguments = parser.parse_args(argv)
    try:
        if arguments.command == "store":
            return store.run(arguments)
        if arguments.command == "weights":
            return _weights(arguments.step)
        if arguments.command == "secrets":
            return _rotate()
        if arguments.command == "model":
            return _models()
        if arguments.command == "heartbeat":
            return _heartbeat()
        return _serve() if arguments.command == "serve" else _database(arguments.step)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2


def _serve() -> int:
    # Modules are no garbage, and looking for it is a tenth of a start. The application turns it on again.
    gc.disable()
    from app.serve import serve

    return serve(settings.load_server())


def _models() -> int:
    from app.llm import check

    return check.run()


def _weights(step: str) -> int:
    from app.weights import command

    return command.run(step)


def _heartbeat() -> int:
    from app import heartbeat

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    return heartbeat.beat(settings.load_database(), heartbeat.Place.from_environment())


def _rotate() -> int:
    keys = settings.load_keys()
    return _explained(lambda: _rotated(keys))


def _rotated(keys: KeySettings) -> int:
    from app.security import rotation
    from app.security.encryption import Cipher

    cipher = Cipher(keys.encryption_key, keys.previous_encryption_key)
    for column, count in asyncio.run(rotation.rotate(keys, cipher)).items():
        print(f"{column}: {count} re-encrypted.")
    print(f"Every secret is encrypted with key {cipher.current.id!r}.")
    return 0


def _database(step: str) -> int:
    target = settings.load_database()
    command = {"bootstrap": _bootstrap, "migrate": _migrate, "check": _check}[step]
    return _explained(lambda: command(target))


def _explained(command: Callable[[], int]) -> int:
    """A command on the database; its failure is explained in sentences, the cause last."""
    import asyncpg

    from app.errors import AppError

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        return command()
    except (ValueError, OSError, AppError) as error:
        print(error, file=sys.stderr)
    except asyncpg.PostgresError as error:
        print(f"ERROR: {error} (SQLSTATE {getattr(error, 'sqlstate', 'unknown')})", file=sys.stderr)
    return 1


def _bootstrap(target: DatabaseSettings) -> int:
    from app.db import bootstrap

    asyncio.run(bootstrap.bootstrap(target, bootstrap.Logins.from_environment()))
    print("The database has its extension, logins, schema and grants.")
    return 0


def _migrate(target: DatabaseSettings) -> int:
    from app.db import migrate  # the only place that imports alembic and SQLAlchemy

    try:
        revision = asyncio.run(migrate.upgrade(target, migrate.Patience.from_environment()))
    except migrate.MigrationError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The database is at {revision}.")
    return 0


def _check(target: DatabaseSettings) -> int:
    from app.db import connect, revisions

    known, current = revisions.read(), asyncio.run(connect.revision(target))
    if known.too_old(current):
        print(
            f"The database is at {current}; {known.head} is needed. Run `roost db migrate`.", file=sys.stderr
        )
        return 1
    print(f"The database is at {current}, this version needs {known.head}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
