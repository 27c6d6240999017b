"""The packs and their rules: a rule belongs to the pack in whose folder its module lies."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache

from policies.lib.pack import analyzer
from policies.lib.rule import Rule
from policies.lib.server import serve

TITLES = {
    "aws-network-iam": "AWS networks, providers and IAM",
    "aws-data": "Databases, buckets, backups, keys and secrets",
    "aws-edge": "Load balancers, firewall, certificates and logs",
    "eks-platform": "EKS clusters, nodes and registries",
    "k8s-workloads": "Kubernetes workloads, access and network policies",
    "ops-dr-cost": "Operations, recovery, tags and cost",
}


@dataclass(frozen=True)
class Pack:
    """One policy pack: a process with rules of its own."""

    name: str
    title: str
    rules: tuple[Rule, ...]


@cache
def pack(name: str) -> Pack:
    """The pack of that name, with every rule in the modules of its folder."""
    package = importlib.import_module(f"policies.rules.{name.replace('-', '_')}")
    modules = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    found = {
        value.id: value
        for module in modules
        for value in vars(importlib.import_module(f"{package.__name__}.{module}")).values()
        if isinstance(value, Rule)
    }
    return Pack(name, TITLES[name], tuple(found.values()))


def packs() -> list[Pack]:
    """All of them."""
    return [pack(name) for name in TITLES]


def serve_pack(name: str) -> None:
    """Be that pack's process; this never returns."""
    one = pack(name)
    serve(analyzer(one.name, one.title, one.rules))
