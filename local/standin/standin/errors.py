"""Refusals in OpenAI's shape."""

from __future__ import annotations


class RequestError(Exception):
    """A request that is refused with `status`; `param` names the field at fault."""

    status = 400
    kind = "invalid_request_error"

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param

    def body(self) -> dict[str, object]:
        """The JSON body."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": None}}


class BadRequestError(RequestError):
    """A field is missing or wrong."""


class UnknownModelError(RequestError):
    """There is no such model here."""

    status = 404
    kind = "not_found_error"
