"""Judges the provider's configuration: what cannot be honoured, and when it means another cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from local.plugins.base.changes import Change
from local.plugins.base.values import UNKNOWN, Value, has_unknown, plain
from local.plugins.kubernetes import kubeconfig, settings
from local.plugins.kubernetes.diff import changes
from local.plugins.kubernetes.kubeconfig import KubeconfigError
from local.plugins.kubernetes.marking import unmarked

_WHERE = frozenset({"kubeconfig", "context", "cluster"})
_IGNORED = frozenset({"version", "pluginDownloadURL"})


def refusals(properties: Mapping[str, Value]) -> list[tuple[str, str]]:
    """(setting, reason) for what the fallback would get dangerously wrong by ignoring it."""
    if properties.get("renderYamlToDirectory") is None:
        return []
    reason = (
        "the fallback Kubernetes plugin renders no YAML, and would change the cluster instead; "
        "install the official one."
    )
    return [("renderYamlToDirectory", reason)]


def compare(old: Mapping[str, Value], new: Mapping[str, Value]) -> list[Change]:
    """The changed settings, those that lead to another cluster marked as needing a new provider.

    `clusterIdentifier`, where it is set, is the only judge; else the server and its certificate authority
    are. What is not known yet is taken to be the same cluster: a wrong replacement would be far worse.
    """
    found = [
        change
        for change in changes(unmarked(old), unmarked(new))
        if not change.path or change.path[0] not in _IGNORED
    ]
    before, after = plain(old.get("clusterIdentifier")), plain(new.get("clusterIdentifier"))
    if before or after:
        other = bool(before) and after is not UNKNOWN
        return [replace(c, needs_new=other and c.path[0] == "clusterIdentifier") for c in found]
    if not any(change.path[0] in _WHERE for change in found) or has_unknown(unmarked(new)):
        return found
    if _server(old) == _server(new):
        return found
    return [replace(change, needs_new=change.path[0] in _WHERE) for change in found]


def _server(properties: Mapping[str, Value]) -> tuple[str, bytes | None] | None:
    chosen = settings.read(properties)
    try:
        cluster = kubeconfig.load(chosen.kubeconfig, context=chosen.context, cluster=chosen.cluster)
    except KubeconfigError:
        return None
    return cluster.server, cluster.ca
