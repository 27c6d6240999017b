"""A small server on ClickHouse's engine (chdb): the HTTP interface, for the local stack and for tests.

It is not ClickHouse's own server: it has no native protocol, no TLS, no compression on the wire and no
replicas. What is behind it (tables, TTL, queries, backups) is the engine itself.
"""
