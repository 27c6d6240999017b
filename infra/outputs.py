"""The public contract of a stack: what scripts and people may rely on, exported once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import pulumi
from pydantic.alias_generators import to_camel


@dataclass(frozen=True, kw_only=True)
class StackOutputs:
    """Outputs of every stack, on every platform; exported in camelCase."""

    url: pulumi.Output[str]
    """Base URL of the server, for people and for `letta-client`."""
    ca_certificate: pulumi.Output[str] | None
    """PEM of the authority that signed the edge's certificate; absent where it is a public one."""
    name_servers: pulumi.Output[Sequence[str]] | None
    """Of the zone that the stack made: the domain's parent must delegate to them. Absent otherwise."""
    admin_password: pulumi.Output[str]
    """The server's password, a secret: `pulumi stack output adminPassword --show-secrets`."""
    namespace: pulumi.Output[str]
    model_kind: str
    """`scripted` (a stand-in), `external` or `vllm`."""
    database_revision: str
    images: dict[str, pulumi.Output[str]]


def export(outputs: StackOutputs) -> None:
    """Make them the stack's outputs; what a platform does not have is left out."""
    for field in fields(outputs):
        value = getattr(outputs, field.name)
        if value is not None:
            pulumi.export(to_camel(field.name), value)
