"""Puts our services in the place of moto's, before its WSGI application reads the URL maps."""

from __future__ import annotations

from collections.abc import Mapping

import moto.backup.urls
import moto.eks.urls
import moto.elasticache.urls
import moto.rds.urls

from local.emulator import (
    alarms,
    buckets,
    certificates,
    costs,
    edge,
    node_images,
    quotas,
    registries,
    replicas,
    secrets,
    zones,
)
from local.emulator.backup import Backup
from local.emulator.child import ClusterEndpoint
from local.emulator.ec2 import changes
from local.emulator.eks.service import Eks
from local.emulator.eks.state import ENDPOINTS, Endpoint
from local.emulator.elasticache.service import ElastiCache
from local.emulator.rds import instances
from local.emulator.rds.service import Rds


def install(clusters: Mapping[str, ClusterEndpoint]) -> None:
    """Once for the process; `clusters` are by region."""
    ENDPOINTS.update({region: Endpoint.of(one.url, one.ca_file) for region, one in clusters.items()})
    moto.backup.urls.url_paths = {"{0}/.*": Backup.dispatch}
    moto.eks.urls.url_paths = {"{0}/.*": Eks.dispatch}
    moto.elasticache.urls.url_paths = {"{0}/$": ElastiCache.dispatch}
    moto.rds.urls.url_paths = {"{0}/$": Rds.dispatch}
    instances.install()
    alarms.install()
    certificates.install()
    registries.install()
    replicas.install()
    buckets.install()
    changes.install()
    secrets.install()
    zones.install()
    edge.install()
    costs.install()
    quotas.install()
    node_images.install()
