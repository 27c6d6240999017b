"""`python -m local.plugins.kubernetes`: what the launcher `pulumi-resource-kubernetes` runs."""

from local.plugins.base.provider import run
from local.plugins.kubernetes.provider import KubernetesProvider

if __name__ == "__main__":
    run(KubernetesProvider())
