"""From the bucket onto the node's disk, in many ranges at once: one connection fills no network."""

from __future__ import annotations

import json
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.weights.bucket import Bucket, Stored
from app.weights.errors import UnusableError, WeightsError
from app.weights.fetch import MANIFEST

log = logging.getLogger("roost.weights")

RANGE_BYTES = 16 * 2**20
STREAMS = 16
_PARTIAL = ".partial"


def copy(bucket: Bucket, target: Path) -> list[Stored]:
    """All of the prefix below `target`; what a former attempt finished stays. Raises WeightsError."""
    objects = bucket.objects()
    _judge(bucket, objects)
    started = time.monotonic()
    with ThreadPoolExecutor(STREAMS) as pool:
        for one in objects:
            _copy(bucket, one, target, pool)
    size, seconds = sum(one.size for one in objects), max(time.monotonic() - started, 0.001)
    log.info(
        "%d files, %.1f GiB in %.0f s: %.0f MiB/s",
        len(objects),
        size / 2**30,
        seconds,
        size / 2**20 / seconds,
    )
    return objects


def _judge(bucket: Bucket, objects: list[Stored]) -> None:
    """They are a model, and all of it as far as a manifest says."""
    sizes = {one.path: one.size for one in objects}
    if "config.json" not in sizes or not any(path.endswith(".safetensors") for path in sizes):
        raise UnusableError(
            "the bucket's prefix holds no model (config.json and .safetensors files): let "
            "inference.weights.source be `hub`, or put the files there"
        )
    if MANIFEST in sizes:
        wanted: dict[str, int] = json.loads(bucket.read(MANIFEST))["files"]
        wrong = sorted(path for path, size in wanted.items() if sizes.get(path) != size)
        if wrong:
            raise UnusableError(f"the bucket's prefix is not what was fetched into it: {', '.join(wrong)}")


def _copy(bucket: Bucket, one: Stored, target: Path, pool: ThreadPoolExecutor) -> None:
    path = (target / one.path).resolve()
    if not path.is_relative_to(target.resolve()):
        raise UnusableError(f"{one.path} would be written outside of {target}")
    if path.is_file() and path.stat().st_size == one.size:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + _PARTIAL)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)

    def piece(start: int) -> None:
        size = min(RANGE_BYTES, one.size - start)
        content = bucket.read(one.path, start, size)
        if len(content) != size:
            raise WeightsError(f"{one.path} ended early")
        os.pwrite(descriptor, content, start)

    try:
        list(pool.map(piece, range(0, one.size, RANGE_BYTES)))
    finally:
        os.close(descriptor)
    partial.rename(path)
