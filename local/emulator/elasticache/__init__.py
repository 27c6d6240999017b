"""ElastiCache: what moto lacks of it, and what AWS refuses."""
