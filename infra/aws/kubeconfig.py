"""The kubeconfig of an EKS cluster: no token in it, so nothing in the state expires or opens anything."""

from __future__ import annotations

import json


def kubeconfig(*, name: str, region: str, endpoint: str, certificate_authority: str) -> str:
    """JSON (which is YAML) for kubectl and the Kubernetes provider; `certificate_authority` is base64.

    Whoever uses it signs in with their own AWS identity through `aws eks get-token`.
    """
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [
                {
                    "name": name,
                    "cluster": {"server": endpoint, "certificate-authority-data": certificate_authority},
                }
            ],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "users": [
                {
                    "name": name,
                    "user": {
                        "exec": {
                            "apiVersion": "client.authentication.k8s.io/v1beta1",
                            "command": "aws",
                            "args": [
                                "eks",
                                "get-token",
                                "--cluster-name",
                                name,
                                "--region",
                                region,
                                "--output",
                                "json",
                            ],
                            "interactiveMode": "Never",
                        }
                    },
                }
            ],
        }
    )
