"""Keyset pagination: cursor, order and limit as SQL, with the cursor's row resolved in the same statement."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.db.pool import Database, Row, Statement
from app.errors import NotFound


@dataclass(frozen=True)
class Page:
    """What a client asked for. `after` and `before` name rows, in the order that was requested."""

    after: UUID | None
    before: UUID | None
    limit: int
    descending: bool


@dataclass(frozen=True)
class Listing:
    """A list that can be paged: a query over alias `t`, ordered by columns of the same table.

    `select` is `SELECT … FROM table t`; `order` are expressions over `{0}`, the alias, that are unique
    together. `scope` limits both the rows and the cursor, over `{0}` too, with `$1` the organisation.
    """

    name: str
    table: str
    select: str
    scope: str
    order: tuple[str, ...]
    kind: str
    """What a row is called in an error."""


async def fetch(
    db: Database, listing: Listing, page: Page, args: list[object], filters: list[str]
) -> list[Row]:
    """One page in the requested order. Raises NotFound for a cursor that names no row.

    `args` are the parameters so far, `filters` SQL over alias `t` that refers to them.
    """
    args = list(args)
    backwards = page.before is not None and page.after is None
    where = [listing.scope.format("t"), *filters]
    for cursor, earlier in ((page.after, False), (page.before, True)):
        if cursor is not None:
            args.append(cursor)
            where.append(_beyond(listing, len(args), less=page.descending is not earlier))
    descending = page.descending is not backwards
    args.append(page.limit)
    direction = " DESC" if descending else ""
    order = ", ".join(column.format("t") + direction for column in listing.order)
    sql = f"{listing.select} WHERE {' AND '.join(where)} ORDER BY {order} LIMIT ${len(args)}"
    rows = await db.rows(Statement(listing.name, sql), *args)
    if not rows:
        await _check_cursors(db, listing, page, args)
    return rows[::-1] if backwards else rows


def _beyond(listing: Listing, position: int, *, less: bool) -> str:
    mine, theirs = (", ".join(column.format(alias) for column in listing.order) for alias in ("t", "c"))
    cursor = (
        f"SELECT {theirs} FROM {listing.table} c WHERE {listing.scope.format('c')} AND c.id = ${position}"
    )
    return f"({mine}) {'<' if less else '>'} ({cursor})"


async def _check_cursors(db: Database, listing: Listing, page: Page, args: list[object]) -> None:
    count = listing.scope.count("$")
    sql = f"SELECT 1 FROM {listing.table} c WHERE {listing.scope.format('c')} AND c.id = ${count + 1}"
    for name, cursor in (("after", page.after), ("before", page.before)):
        if cursor is None:
            continue
        if await db.value(Statement(f"{listing.name}_cursor", sql), *args[:count], cursor) is None:
            raise NotFound(
                f"`{name}` is {listing.kind}-{cursor}, which does not exist; start from a listed id."
            )
