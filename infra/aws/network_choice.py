"""Whose VPC it is: the stack's own, or one that is there already."""

from __future__ import annotations

import pulumi

from infra.aws.adopted_checks import Wanted
from infra.aws.adopted_network import AdoptedNetwork
from infra.aws.keys import Keys
from infra.aws.network import Network
from infra.aws.network_port import NetworkPort
from infra.aws.place import Place
from infra.options import Options
from infra.settings.aws import AwsSettings
from infra.settings.rules_aws import addresses_wanted


def build_network(
    name: str,
    settings: AwsSettings,
    *,
    database_ports: tuple[int, ...],
    keys: Keys,
    place: Place,
    options: Options,
    opts: pulumi.ResourceOptions,
) -> NetworkPort:
    """The network that the settings ask for; what builds on it cannot tell which."""
    network = settings.network
    if network.existing is None:
        return Network(
            name,
            network,
            database_ports=database_ports,
            keys=keys,
            place=place,
            options=options,
            opts=opts,
        )
    wanted = Wanted(
        region=place.region,
        cluster_name=place.prefix,
        service_cidr=settings.cluster.service_cidr,
        addresses=addresses_wanted(settings),
        dual_stack=settings.edge.dual_stack,
        plan=network.plan(),
    )
    return AdoptedNetwork(name, network.existing, wanted=wanted, opts=opts)
