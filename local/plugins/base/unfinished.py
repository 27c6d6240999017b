"""Tells the engine that a resource exists although its operation failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

import grpc
from google.protobuf import any_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from local.plugins.base.values import Value, encode


def fail_unfinished(
    context: grpc.ServicerContext,
    identity: str,
    outputs: Mapping[str, Value],
    inputs: Mapping[str, Value] | None,
    reasons: Sequence[str],
) -> NoReturn:
    """End the call with `reasons`; the engine records the resource and updates it in the next run."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=identity,
        properties=encode(outputs),
        reasons=reasons,
        inputs=encode(inputs) if inputs is not None else None,
    )
    packed = any_pb2.Any()
    packed.Pack(detail)
    code = grpc.StatusCode.UNKNOWN
    status = status_pb2.Status(code=code.value[0], message=reasons[0], details=[packed])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, reasons[0])
    raise AssertionError("abort does not return")
