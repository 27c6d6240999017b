"""The components of a finished stack, for whoever tells about them or watches over them."""

from __future__ import annotations

from dataclasses import dataclass

from infra.aws.cache import Cache
from infra.aws.cluster import Cluster
from infra.aws.database import Database
from infra.aws.edge import Edge
from infra.aws.images import Registry
from infra.aws.keys import Keys
from infra.aws.network_port import NetworkPort
from infra.aws.place import Place
from infra.aws.server_identity import ServerIdentity
from infra.aws.storage import Storage


@dataclass(frozen=True, kw_only=True)
class StackParts:
    """Everything that one stack on AWS is made of."""

    place: Place
    keys: Keys
    network: NetworkPort
    cluster: Cluster
    database: Database
    database_name: str
    cache: Cache | None
    storage: Storage
    registry: Registry
    identity: ServerIdentity
    edge: Edge
