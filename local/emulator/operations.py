"""Which operation a request asks for, and how its service words an error."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from moto.core.model import OperationModel
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from werkzeug.exceptions import HTTPException

from local.emulator.errors import Refusal

# Services that sign with another name than botocore's.
_SIGNED_AS = {
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
}

Environ = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One operation of one service, as botocore names both: `rds`, `CreateDBInstance`."""

    service: str
    name: str
    model: OperationModel
    content_type: str

    def error(self, code: str, message: str) -> tuple[dict[str, str], bytes]:
        """Headers and body of an error in the service's protocol."""
        service = self.model.service_model
        protocol = determine_request_protocol(service, self.content_type)
        serializer = get_serializer_class(str(service.service_name), protocol)(operation_model=self.model)
        answer = serializer.serialize(Refusal(code, message))
        body = answer["body"]
        return dict(answer["headers"]), body.encode() if isinstance(body, str) else body


def asked_for(environ: Environ, body: bytes) -> Operation | None:
    """The operation of a signed request; None where moto cannot tell (an unsigned one, an unknown path)."""
    service = _service(environ.get("HTTP_AUTHORIZATION", ""))
    if not service:
        return None
    request = Request({**environ, "wsgi.input": io.BytesIO(body)})
    try:
        model, _ = get_service_router(service).match(request)
    except (HTTPException, LookupError, ValueError):
        return None
    return Operation(service, str(model.name), model, environ.get("CONTENT_TYPE", ""))


def signed_for(authorization: str) -> str | None:
    """The region in the credential scope of a signed request."""
    _, _, scope = authorization.partition("Credential=")
    parts = scope.split(",")[0].split("/")
    return parts[2] if len(parts) > 3 else None


def _service(authorization: str) -> str | None:
    """From the credential scope: `... Credential=id/20260101/eu-central-1/rds/aws4_request, ...`."""
    _, _, scope = authorization.partition("Credential=")
    parts = scope.split(",")[0].split("/")
    return _SIGNED_AS.get(parts[3], parts[3]) if len(parts) > 3 else None
