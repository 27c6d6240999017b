"""Rules of the pack k8s-workloads: kubernetes workloads, access and network policies."""
