"""Rules of the pack aws-network-iam: AWS networks, providers and IAM."""
