"""Failures in the engine's terms."""

from __future__ import annotations

import traceback
from typing import NoReturn

import grpc
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from local.plugins.aws.catalogue import UnmappedTypeError
from local.plugins.aws.lifecycle import UnfinishedError
from local.plugins.aws.resource import ResourceError
from local.plugins.aws.schema import UnknownTypeError
from local.plugins.aws.settings import SettingsError
from local.plugins.base.secrets import scrub
from local.plugins.base.unfinished import fail_unfinished

_EXPECTED = (ResourceError, SettingsError, UnmappedTypeError, UnknownTypeError)
# The request was sent and nobody knows what became of it.
_UNCERTAIN = (ReadTimeoutError, ConnectionClosedError)


def fail(context: grpc.ServicerContext, error: Exception, secrets: set[str]) -> NoReturn:
    """End the call with `error`, without the texts in `secrets`."""
    if isinstance(error, UnfinishedError):
        stored, reason = error.stored, scrub(str(error), secrets)
        fail_unfinished(context, stored.id, stored.outputs, stored.inputs, [reason])
    # With FAILED_PRECONDITION the engine knows that nothing was made, and leaves no pending operation.
    expected = isinstance(error, _EXPECTED)
    certain = expected and not isinstance(error.__cause__, _UNCERTAIN)
    code = grpc.StatusCode.FAILED_PRECONDITION if certain else grpc.StatusCode.UNKNOWN
    text = str(error) if expected else _defect(error)
    context.abort(code, scrub(text, secrets))
    raise AssertionError("abort does not return")


def _defect(error: Exception) -> str:
    """Where it happened, and no values: nobody knows what they would show."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{last.filename.rpartition('/')[2]}:{last.lineno}, in {last.name}"
    return f"a defect of Roost's fallback aws plugin: {type(error).__name__}: {error} ({place})"
