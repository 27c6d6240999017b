"""`roost store apply`: the store's tables, from SQL files. Each statement may run again and again."""

from __future__ import annotations

import re
from pathlib import Path

from app.settings import SettingsError
from app.store.connection import Store, StoreError

_END = re.compile(r";[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*--.*$\n?", re.MULTILINE)


def statements(text: str) -> list[str]:
    """The statements of a file: each ends with a semicolon at the end of a line."""
    return [one.strip() for one in _END.split(_COMMENT.sub("", text)) if one.strip()]


def apply(store: Store, folder: Path) -> int:
    """Run all `.sql` files of a folder by their names; returns how many statements there were.

    Raises StoreError with the file's name.
    """
    files = sorted(folder.glob("*.sql"))
    if not files:
        raise SettingsError(f"{folder} holds no .sql file.")
    store.wait()
    count = 0
    for file in files:
        for statement in statements(file.read_text()):
            try:
                store.query(statement)
            except StoreError as error:
                raise StoreError(f"{file.name}: {error}") from None
            count += 1
    return count
