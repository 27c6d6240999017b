"""Signature Version 4, the header form: what AWS knows a request's sender by."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

from app.aws.credentials import Credentials

EMPTY = hashlib.sha256(b"").hexdigest()


def signed(
    method: str,
    url: str,
    headers: Mapping[str, str],
    *,
    body_sha256: str,
    credentials: Credentials,
    region: str,
    service: str,
    now: datetime | None = None,
) -> dict[str, str]:
    """`headers` with those that sign the request; `url` is encoded as it will be sent."""
    parts = urlsplit(url)
    stamp = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    full = {name.lower(): value.strip() for name, value in headers.items()}
    full |= {"host": parts.netloc, "x-amz-date": stamp}
    if service == "s3":
        full["x-amz-content-sha256"] = body_sha256
    if credentials.token:
        full["x-amz-security-token"] = credentials.token
    names = ";".join(sorted(full))
    canonical = "\n".join(
        [
            method,
            # S3 signs the path as it is sent, every other service once more encoded.
            (parts.path if service == "s3" else quote(parts.path, safe="/~")) or "/",
            _query(parts.query),
            *(f"{name}:{full[name]}" for name in sorted(full)),
            "",
            names,
            body_sha256,
        ]
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    said = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, said.encode(), hashlib.sha256).hexdigest()
    full["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={names}, "
        f"Signature={signature}"
    )
    return full


def _query(query: str) -> str:
    pairs = sorted(
        (quote(key, safe="~"), quote(value, safe="~"))
        for key, value in parse_qsl(query, keep_blank_values=True)
    )
    return "&".join(f"{key}={value}" for key, value in pairs)
