"""Rules of the pack aws-data: databases, buckets, backups, keys and secrets."""
