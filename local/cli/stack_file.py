"""Keeps this machine's encryption salt out of the committed stack file.

Pulumi writes the salt of the passphrase in use into Pulumi.<stack>.yaml. It belongs to this machine's
state, which holds it too (PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER makes pulumi look there), so a `make up`
would leave the checkout changed, and a later one with another state would not decrypt.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

SALT = "encryptionsalt:"


@contextmanager
def keep_salt_out(stack_file: Path, *, fresh: bool) -> Iterator[None]:
    """Take out a salt that pulumi adds during the block.

    A salt that was there before stays (secrets in the file need it), unless the stack is `fresh` and the file
    holds no secret: then it is left over from a state that is gone, and would only make pulumi refuse.
    """
    if not stack_file.exists():
        yield
        return
    before = stack_file.read_text()
    keep = SALT in before
    if keep and fresh and "secure:" not in before:
        stack_file.write_text(without_salt(before))
        keep = False
    try:
        yield
    finally:
        now = stack_file.read_text()
        if not keep and SALT in now and "secure:" not in now:
            # Pulumi reformats the file when it saves it: put back what was there, unless someone edited it.
            same = yaml.safe_load(without_salt(now)) == yaml.safe_load(without_salt(before))
            stack_file.write_text(without_salt(before if same else now))


def without_salt(text: str) -> str:
    return "".join(entry for entry in text.splitlines(keepends=True) if not entry.startswith(SALT))
