"""Figures that a pod publishes to CloudWatch, where alarms wait for them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlencode

from app.aws.credentials import Identity
from app.aws.requests import Sender

_VERSION = "2010-08-01"
_FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


def announce(name: str, value: float) -> None:
    """One datapoint to where the environment says, and nowhere if it says nothing. Raises as `publish`."""
    namespace = os.environ.get("ROOST_METRICS_NAMESPACE")
    if namespace:
        publish({name: value}, namespace=namespace, region=os.environ["AWS_REGION"], identity=Identity())


def publish(values: Mapping[str, float], *, namespace: str, region: str, identity: Identity) -> None:
    """One datapoint now for each metric, of at most 1000. Raises RequestError, CredentialsError.

    Without dimensions: the namespace is the stack's own, and the only one that its pods may write to.
    """
    members = (
        pair
        for number, (name, value) in enumerate(values.items(), start=1)
        for pair in (
            (f"MetricData.member.{number}.MetricName", name),
            (f"MetricData.member.{number}.Value", repr(float(value))),
        )
    )
    body = urlencode(
        [("Action", "PutMetricData"), ("Version", _VERSION), ("Namespace", namespace), *members]
    ).encode()
    url = os.environ.get("AWS_ENDPOINT_URL_CLOUDWATCH") or f"https://monitoring.{region}.amazonaws.com"
    Sender(identity, region, "monitoring").send("POST", f"{url}/", body=body, headers=_FORM)
