"""The AWS platform: one component each for network, keys, database, cluster, images, storage and edge.

Nothing here calls AWS while it is being constructed: names of zones, the account and versions are
settings, so a preview works with no account at all. Documents and arithmetic live in modules without Pulumi.
"""
