"""Policy packs for a platform on AWS and Kubernetes; rules are plain functions in importable modules."""

VERSION = "1.0.0"
"""Of all packs together; PulumiPolicy.yaml of each says the same, which a test compares."""
