"""What a shell needs to work with the running stack; `make env` prints it, `make shell` runs in it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local import paths
from local.cli import tools
from local.cli.platform import Target
from local.toolchain import pulumi

BUNDLE_VARIABLES = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""OpenSSL and Go read the first; curl, requests and Node have their own, which may be set already."""
SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)


def variables(target: Target | None, outputs: Mapping[str, Any]) -> dict[str, str]:
    """Names and values; without a running stack only those that need none."""
    found = {"PATH": _path(), **pulumi.variables()}
    if target is not None:
        found["KUBECONFIG"] = str(target.kubeconfig)
    if "url" in outputs:
        found["LETTA_BASE_URL"] = outputs["url"]
    if "adminPassword" in outputs:
        found["LETTA_API_KEY"] = outputs["adminPassword"]
    if outputs.get("caCertificate"):
        bundle = str(ca_bundle(outputs["caCertificate"]))
        found.update(dict.fromkeys(BUNDLE_VARIABLES, bundle))
    return found


def exports(found: Mapping[str, str]) -> str:
    """Shell text for `eval`."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in found.items())


def stack_ca(certificate: str) -> Path:
    """The stack's own CA as a file, for clients that take one (curl --cacert)."""
    return _store("ca.pem", certificate.rstrip() + "\n")


def ca_bundle(certificate: str) -> Path:
    """The stack's CA together with the system's: a client of the stack still reaches everything else."""
    bundle = _system_bundle()
    system = bundle.read_text() if bundle is not None else ""
    return _store("ca-bundle.pem", f"{system.rstrip()}\n{certificate.rstrip()}\n".lstrip())


def _system_bundle() -> Path | None:
    ours = paths.state() / "ca-bundle.pem"
    candidates = [Path(name) for name in (os.environ.get("SSL_CERT_FILE"), *SYSTEM_BUNDLES) if name]
    return next((path for path in candidates if path != ours and path.is_file()), None)


def _store(name: str, text: str) -> Path:
    path = paths.state() / name
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    return path


def _path() -> str:
    """Our pulumi and the environment's Python first; evaluating it twice changes nothing."""
    first = [str(paths.tool_dir()), str(tools.venv_bin())]
    rest = [part for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if part not in (*first, "")]
    return os.pathsep.join([*first, *rest])
