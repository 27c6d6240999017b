"""The embedded platform behind `make up`: tool chain, Kubernetes, images, fallback plugins.

Nothing in `infra/` or `app/` may import this package; on AWS it does not take part at all.
"""
