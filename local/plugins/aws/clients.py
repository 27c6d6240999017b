"""The emulated account's clients: loopback endpoints, fake credentials, bounded retries, checked requests."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

from local.plugins.aws import request_check
from local.plugins.aws.resource import ResourceError
from local.plugins.aws.settings import Settings, SettingsError, is_loopback

# Never anybody's: real credentials must not reach an emulator, and these are worth nothing to AWS.
_KEY_ID, _KEY = "roost-rehearsal", "not-a-secret"
_ATTEMPTS = 5
_CONNECT_SECONDS, _READ_SECONDS = 5, 60
_FIRST_POLL_SECONDS, _LONGEST_POLL_SECONDS = 0.05, 1.0
# The official provider's names of an endpoint, where they are not just botocore's name of the service.
_ENDPOINT_NAMES = {
    "application-autoscaling": ("appautoscaling", "applicationautoscaling"),
    "elbv2": ("elbv2", "elasticloadbalancingv2"),
    "events": ("events", "eventbridge", "cloudwatchevents"),
    "logs": ("logs", "cloudwatchlogs", "cloudwatchlog"),
    "service-quotas": ("servicequotas",),
}


class Clients:
    """One client per service and region; thread-safe. SettingsError for a service without a loopback URL."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str], Any] = {}
        self._session: Any = None
        self._account: str | None = None

    def get(self, service: str, region: str) -> Any:
        """The botocore client of `service` in `region`."""
        with self._lock:
            if (service, region) not in self._made:
                self._made[service, region] = self._make(service, region)
            return self._made[service, region]

    def account(self) -> str:
        """The account's id, asked for once. SettingsError if the stack does not allow this account."""
        if self._account is None:
            found: str = self.get("sts", self.settings.region).get_caller_identity()["Account"]
            allowed = self.settings.allowed_account_ids
            if allowed and found not in allowed:
                raise SettingsError(
                    f"The endpoint serves account {found}, but the provider allows only "
                    f"{', '.join(allowed)} (allowedAccountIds). Point `endpoints` at the right account, or "
                    "correct the account id in the stack's settings."
                )
            self._account = found
        return self._account

    def _make(self, service: str, region: str) -> Any:
        from botocore.config import Config

        url = self._endpoint(service)
        client = self._open_session().create_client(
            service,
            region_name=region,
            endpoint_url=url,
            aws_access_key_id=_KEY_ID,
            aws_secret_access_key=_KEY,
            config=Config(
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=_READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
                proxies={},
                max_pool_connections=32,
                s3={"addressing_style": "path" if self.settings.s3_use_path_style else "auto"},
                use_fips_endpoint=False,
                use_dualstack_endpoint=False,
            ),
        )
        client.meta.events.register_last("before-parameter-build", request_check.check)
        return client

    def _endpoint(self, service: str) -> str:
        names = _ENDPOINT_NAMES.get(service, (service,))
        url = next((self.settings.endpoints[name] for name in names if name in self.settings.endpoints), "")
        if not is_loopback(url):
            raise SettingsError(
                f"The provider's `endpoints` has {repr(url) + ' for' if url else 'no'} {names[0]}: the "
                "fallback aws plugin calls loopback addresses only. Give it the emulated account's URL."
            )
        return url

    def _open_session(self) -> Any:
        """A session that reads neither the user's profiles nor environment variables."""
        if self._session is None:
            from botocore.session import Session

            nothing = (None, None, None, None)
            self._session = Session(
                session_vars={
                    "profile": nothing,
                    "config_file": (None, None, os.devnull, None),
                    "credentials_file": (None, None, os.devnull, None),
                    "ca_bundle": nothing,
                }
            )
        return self._session


class Scope:
    """The account for one operation on one resource: `resource.Aws`."""

    def __init__(self, clients: Clients, region: str, seconds: float, cancelled: threading.Event) -> None:
        self.account = clients.account()
        self.region = region
        self.partition = partition_of(region)
        self._clients = clients
        self._deadline = time.monotonic() + seconds
        self._seconds = seconds
        self._cancelled = cancelled

    def client(self, service: str, region: str | None = None) -> Any:
        return self._clients.get(service, region or self.region)

    def wait(self, what: str, done: Callable[[], bool]) -> None:
        """Poll, at first often, until `done`; ResourceError at the deadline or when the user interrupts."""
        pause = _FIRST_POLL_SECONDS
        while not done():
            if time.monotonic() + pause > self._deadline:
                raise ResourceError(
                    f"waited {self._seconds:.0f} s in vain for {what}; a longer `custom_timeouts` gives more"
                )
            if self._cancelled.wait(pause):
                raise ResourceError(f"interrupted while waiting for {what}")
            pause = min(pause * 2, _LONGEST_POLL_SECONDS)


def partition_of(region: str) -> str:
    """The first part of every ARN there."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
