"""Errors that our services answer with."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class Refusal(ServiceException):
    """An error of whichever service is being asked: `Refusal(code, message)`.

    moto looks up the service of its own exception by the module that it is defined in, and finds none for its
    base class.
    """
