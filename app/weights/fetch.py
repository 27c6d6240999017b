"""From the hub into the bucket: streamed, checked against the hub's own hashes, and resumed by the file."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPResponse

from app.weights.bucket import Bucket
from app.weights.errors import WeightsError
from app.weights.hub import HubFile, Revision

log = logging.getLogger("roost.weights")

MANIFEST = "roost-manifest.json"
"""Written last: what must be there, by path and size."""

PART_BYTES = 64 * 2**20
"""S3 takes 10,000 parts of 5 MiB or more: objects of up to 625 GiB."""

STREAMS = 3


def fetch(revision: Revision, bucket: Bucket) -> list[HubFile]:
    """Every file that is not there yet; then the manifest. Raises WeightsError."""
    files = revision.files()
    there = {one.path: one.size for one in bucket.objects()}
    wanted = [one for one in files if there.get(one.path) != one.size]
    log.info("%d files, %d of them to fetch: %.1f GiB", len(files), len(wanted), _gib(wanted))
    with ThreadPoolExecutor(STREAMS) as pool:
        for done in pool.map(partial(_fetch, revision, bucket), wanted):
            log.info("fetched %s", done)
    manifest = {
        "repository": revision.repository,
        "revision": revision.commit,
        "files": {one.path: one.size for one in files},
    }
    bucket.write(MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode())
    return files


def _fetch(revision: Revision, bucket: Bucket, file: HubFile) -> str:
    # The object appears only when it is complete and its content is what the hub says: a file that is
    # there with the right size is right.
    check = hashlib.sha256() if file.sha256 else hashlib.sha1(f"blob {file.size}\0".encode())  # noqa: S324 - git's
    with revision.open(file.path) as content:
        first = content.read(PART_BYTES)
        check.update(first)
        if len(first) == file.size:
            _judge(file, check.hexdigest())
            bucket.write(file.path, first)
            return file.path
        upload = bucket.begin(file.path)
        try:
            upload.part(first)
            for piece in _pieces(content):
                check.update(piece)
                upload.part(piece)
            _judge(file, check.hexdigest())
        except BaseException:
            upload.abort()
            raise
        upload.complete()
    return file.path


def _pieces(content: HTTPResponse) -> Iterator[bytes]:
    while piece := content.read(PART_BYTES):
        yield piece


def _judge(file: HubFile, digest: str) -> None:
    if digest != (file.sha256 or file.git):
        raise WeightsError(f"{file.path} arrived with another content than the hub says it has")


def _gib(files: list[HubFile]) -> float:
    return sum(one.size for one in files) / 2**30
