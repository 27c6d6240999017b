"""Failures in the engine's terms."""

from __future__ import annotations

from typing import NoReturn

import grpc

from local.plugins.base.secrets import scrub
from local.plugins.base.unfinished import fail_unfinished
from local.plugins.kubernetes.errors import (
    ApiError,
    CancelledError,
    ClusterUnreachableError,
    NoSuchKindError,
    OperationError,
)
from local.plugins.kubernetes.lifecycle import InitializationError
from local.plugins.kubernetes.tokens import UnsupportedTokenError

# With this code the engine knows that nothing was made, and leaves no pending operation behind.
_REFUSED = grpc.StatusCode.FAILED_PRECONDITION
_EXPECTED = (OperationError, NoSuchKindError, UnsupportedTokenError, CancelledError)


def fail(context: grpc.ServicerContext, error: Exception, secrets: set[str], *, certain: bool) -> NoReturn:
    """End the call with `error`, without the texts in `secrets`.

    `certain` says that a lost connection cannot have left anything half done. Errors that nobody foresaw
    are raised again.
    """
    if isinstance(error, InitializationError):
        _fail_initialization(context, error, secrets)
    if isinstance(error, ApiError):
        context.abort(_REFUSED, scrub(_refusal(error), secrets))
    if isinstance(error, ClusterUnreachableError):
        code = _REFUSED if certain else grpc.StatusCode.UNKNOWN
        context.abort(code, f"the configured Kubernetes cluster is unreachable: {scrub(str(error), secrets)}")
    if isinstance(error, _EXPECTED):
        context.abort(_REFUSED, scrub(str(error), secrets))
    raise error


def _refusal(error: ApiError) -> str:
    return f"the Kubernetes API server refused it ({error.reason or error.code}): {error}"


def _fail_initialization(
    context: grpc.ServicerContext, error: InitializationError, secrets: set[str]
) -> NoReturn:
    reasons = [scrub(reason, secrets) for reason in error.reasons]
    fail_unfinished(context, error.stored.id, error.stored.outputs, error.inputs, reasons)
