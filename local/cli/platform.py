"""platform.json: what the local platform offers to the program. The contract with infra/settings/load.py."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import paths
from local.cli.facts import EDGE_PORTS
from local.images.specs import IMAGES
from local.machine.layout import EDGE_HTTP_NODE_PORT, EDGE_HTTPS_NODE_PORT

HTTPS_PORT, HTTP_PORT = EDGE_PORTS


@dataclass(frozen=True)
class PlatformFacts:
    """One cluster as `make up` found or made it. `embedded` is False with `make up CONTEXT=…`."""

    kubeconfig: Path
    context: str
    embedded: bool
    images: Mapping[str, str]
    node: str | None = None
    volumes_dir: str | None = None
    storage_class: str | None = None
    host_address: str | None = None

    def document(self) -> dict[str, Any]:
        """The JSON document; its keys are the contract."""
        return {
            "kubeconfig": str(self.kubeconfig),
            "context": self.context,
            "embedded": self.embedded,
            "node": self.node,
            "volumesDir": self.volumes_dir,
            "storageClass": self.storage_class,
            "hostAddress": self.host_address,
            "edge": {
                "httpsPort": HTTPS_PORT,
                "httpPort": HTTP_PORT,
                "httpsNodePort": EDGE_HTTPS_NODE_PORT,
                "httpNodePort": EDGE_HTTP_NODE_PORT,
            },
            "images": {name: ref for name, ref in self.images.items() if name in IMAGES},
        }


def write(facts: PlatformFacts) -> bool:
    """Write the document, whole or not at all; False when it already said exactly this."""
    path = paths.platform_facts()
    text = json.dumps(facts.document(), indent=2) + "\n"
    if path.exists() and path.read_text() == text:
        return False
    paths.private_state()
    scratch = path.with_suffix(".new")
    scratch.write_text(text)
    scratch.replace(path)
    return True


@dataclass(frozen=True)
class Target:
    """The cluster of the last `make up`, for commands that come after it."""

    kubeconfig: Path
    context: str
    embedded: bool


def target() -> Target | None:
    """None before the first `make up`."""
    try:
        document = json.loads(paths.platform_facts().read_text())
    except FileNotFoundError:
        return None
    return Target(Path(document["kubeconfig"]), document["context"], document["embedded"])
