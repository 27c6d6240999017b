"""`roost weights …`: what the environment says, done; 0, or 1 where it may go better later, or 2.

Like all that it imports it needs nothing but Python: vLLM's pods run it with the interpreter of their image.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path

from app.aws.credentials import CredentialsError, Identity
from app.aws.requests import RequestError, Sender
from app.weights.bucket import Bucket
from app.weights.copy import copy
from app.weights.errors import UnusableError, WeightsError
from app.weights.fetch import fetch
from app.weights.hub import HUB, Revision


def run(step: str) -> int:
    """`fetch` or `copy`."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        bucket = Bucket(_need("ROOST_WEIGHTS_BUCKET"), _need("ROOST_WEIGHTS_PREFIX"), _need("AWS_REGION"))
        if step == "fetch":
            fetch(_revision(), bucket)
        else:
            copy(bucket, Path(_need("ROOST_WEIGHTS_DIR")))
    except UnusableError as error:
        print(error, file=sys.stderr)
        return 2
    except (WeightsError, RequestError, CredentialsError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _revision() -> Revision:
    secret = os.environ.get("ROOST_WEIGHTS_TOKEN_SECRET")
    return Revision(
        _need("ROOST_WEIGHTS_REPOSITORY"),
        _need("ROOST_WEIGHTS_REVISION"),
        token=_token(secret) if secret else None,
        hub=os.environ.get("ROOST_WEIGHTS_HUB", HUB),
    )


def _token(arn: str) -> str:
    """A secret of Secrets Manager, which only this pod's role may read; it is never written anywhere."""
    region = arn.split(":")[3]
    url = os.environ.get("AWS_ENDPOINT_URL_SECRETS_MANAGER", f"https://secretsmanager.{region}.amazonaws.com")
    answer = Sender(Identity(), region, "secretsmanager").send(
        "POST",
        f"{url}/",
        body=json.dumps({"SecretId": arn}).encode(),
        headers={
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": "secretsmanager.GetSecretValue",
        },
    )
    return str(json.loads(answer.body)["SecretString"]).strip()


def _need(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise UnusableError(f"{name} is not set; the stack sets it for `roost weights`.")
    return value
