"""Who this process is to AWS: the pod's own role through EKS Pod Identity, or keys in the environment."""

from __future__ import annotations

import json
import os
import threading
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

RENEWED_BEFORE = timedelta(minutes=5)
_SECONDS = 10


class CredentialsError(Exception):
    """Nobody said who this process is."""


@dataclass(frozen=True)
class Credentials:
    """Keys of one session."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


class Identity:
    """Credentials that are renewed before they end; threads share one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: Credentials | None = None
        self._ends: datetime | None = None

    def credentials(self) -> Credentials:
        """Valid for some minutes at least. Raises CredentialsError."""
        with self._lock:
            if self._known is None or (self._ends and datetime.now(UTC) + RENEWED_BEFORE >= self._ends):
                self._known, self._ends = _from_environment() or _from_agent()
            return self._known


def _from_environment() -> tuple[Credentials, datetime | None] | None:
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret:
        return None
    return Credentials(key, secret, os.environ.get("AWS_SESSION_TOKEN")), None


def _from_agent() -> tuple[Credentials, datetime | None]:
    """The agent's answer. Its token is read anew each time: the kubelet replaces it."""
    url = os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    token = os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    if not url or not token:
        raise CredentialsError(
            "this pod has no identity in AWS: its service account has no Pod Identity association, or the "
            "pod is older than that; delete the pod"
        )
    try:
        secret = Path(token).read_text(encoding="ascii").strip()
        request = urllib.request.Request(url, headers={"Authorization": secret})  # noqa: S310 - EKS sets it
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            said = json.load(answer)
        ends = datetime.fromisoformat(said["Expiration"]) if said.get("Expiration") else None
        return Credentials(said["AccessKeyId"], said["SecretAccessKey"], said.get("Token")), ends
    except (OSError, ValueError, KeyError) as error:
        raise CredentialsError(f"the Pod Identity agent at {url} gave no credentials: {error!r}") from None
