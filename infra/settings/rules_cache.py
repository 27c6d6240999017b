"""Rules on the cache: who needs one, and who is told of it."""

from __future__ import annotations

from collections.abc import Iterator

from infra.settings.settings import Settings


def local_cache_is_built(settings: Settings) -> Iterator[str]:
    """`make up` builds the image once the setting asks for it."""
    local = settings.local
    if local is not None and settings.cache.enabled and local.platform.images.cache is None:
        yield (
            "`roost:cache.enabled` is true, and the local platform has no image of a cache yet: run "
            "`make up`, which builds it and gives it to the cluster."
        )


def replicas_share_a_cache(settings: Settings) -> Iterator[str]:
    """An image that keeps shared state in a cache, in more than one pod, has one outside its pods."""
    replicas = settings.server.replicas.max
    if settings.server.uses_cache and replicas > 1 and not settings.cache.enabled:
        yield (
            f"`roost:server.usesCache` is true, `roost:server.replicas.max` is {replicas}, and "
            "`roost:cache.enabled` is false: each pod would keep locks, streams and sessions in a cache of "
            "its own, and nothing would say so. Set `roost:cache.enabled` to true, or replicas.max to 1."
        )
