"""A block's version on the wire: `ETag` tells it, `If-Match` asks that it still holds."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header
from starlette.responses import Response

from app.blocks.service import Versioned
from app.errors import Unprocessable

TAG = re.compile(r'(?:W/)?"?(\d{1,18})"?')


async def _if_match(if_match: Annotated[str | None, Header()] = None) -> int | None:
    """The version that the client has read, or None when it does not care."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = TAG.fullmatch(if_match.strip())
    if found is None:
        raise Unprocessable(f"If-Match is {if_match!r}; send the ETag with which the block was read.")
    return int(found[1])


IfMatch = Annotated[int | None, Depends(_if_match)]


def respond(block: Versioned) -> Response:
    """The block with its version as ETag."""
    return Response(block.body, media_type="application/json", headers={"ETag": f'"{block.version}"'})
