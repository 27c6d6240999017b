"""Copies that a stack in a lost region left in this one: looked at, used, and never changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pulumi
from pulumi_aws import kms, s3, secretsmanager

from infra.aws.place import Place
from infra.ports import ServerSecrets
from infra.settings.aws_recovery import RegionRestoreSettings

_SECRETS = ("password", "encryptionKey")
"""What the server of every stack keeps in its entry (`infra/workloads/server.py`)."""


class UnusableCopyError(pulumi.RunError):
    """Nothing can be rebuilt from these copies; the message has a sentence for each reason."""

    def __init__(self, problems: Sequence[str]) -> None:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"aws.restore names copies that cannot be used:\n{lines}")


class LostRegion(pulumi.ComponentResource):
    """The server's secrets, without which the restored database holds what nobody can decrypt.

    All copies are looked at in every preview, so that a lost key or a wrong bucket is not noticed an hour
    into the rebuild. The database's own is RDS's to find.
    """

    def __init__(
        self,
        name: str,
        settings: RegionRestoreSettings,
        *,
        place: Place,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:LostRegion", name, None, opts)
        asking = pulumi.InvokeOutputOptions(parent=self)
        key = kms.get_key_output(key_id=settings.key_arn, opts=asking)
        bucket = s3.get_bucket_output(bucket=settings.backup_bucket, opts=asking)
        entry = secretsmanager.get_secret_version_output(secret_id=settings.server_secret_arn, opts=asking)

        def judge(found: Sequence[Any]) -> dict[str, str]:
            state, region, text = (str(one) for one in found)
            secrets = _read(text)
            problems = [*_misfits(settings, state, region, place), *_absent(secrets)]
            if problems:
                raise UnusableCopyError(problems)
            return secrets

        secrets = pulumi.Output.secret(
            pulumi.Output.all(key.key_state, bucket.bucket_region, entry.secret_string).apply(judge)
        )
        password, encryption_key = (secrets.apply(lambda s, name=name: s[name]) for name in _SECRETS)
        self.server_secrets = ServerSecrets(password=password, encryption_key=encryption_key)
        self.register_outputs({"lostRegion": settings.lost_region})


def _misfits(settings: RegionRestoreSettings, state: str, region: str, place: Place) -> Iterator[str]:
    if state != "Enabled":
        yield (
            f"the key {settings.key_arn} is {state}, so nothing that it encrypts can be read: cancel its "
            "deletion or enable it"
        )
    if region != place.region:
        yield (
            f"the bucket {settings.backup_bucket} is in {region} and not in {place.region}: name the copy, "
            "whose name has `-backup-copy-` in it"
        )


def _absent(secrets: dict[str, str]) -> Iterator[str]:
    missing = [name for name in _SECRETS if not secrets.get(name)]
    if missing:
        yield (
            f"the entry in Secrets Manager lacks {', '.join(missing)}: it is not that of a server "
            "(`recovery.serverSecretArn` of the lost stack)"
        )


def _read(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return cast("dict[str, str]", found) if isinstance(found, dict) else {}
