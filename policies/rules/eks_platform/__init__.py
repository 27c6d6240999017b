"""Rules of the pack eks-platform: EKS clusters, nodes and registries."""
