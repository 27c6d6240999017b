"""A prefix of an S3 bucket, as much of it as model files need."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

from app.aws.credentials import Identity
from app.aws.requests import Sender

_NS = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@dataclass(frozen=True)
class Stored:
    """An object below the prefix."""

    path: str
    size: int


class Bucket:
    """Objects below `prefix` of one bucket; safe to share between threads."""

    def __init__(self, name: str, prefix: str, region: str) -> None:
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3")
        self._root = f"{endpoint}/{name}" if endpoint else f"https://{name}.s3.{region}.amazonaws.com"
        self._prefix = prefix
        self._sender = Sender(Identity(), region, "s3")

    def objects(self) -> list[Stored]:
        """Everything below the prefix."""
        return list(self._list())

    def read(self, path: str, start: int = 0, size: int | None = None) -> bytes:
        """A piece of an object, or all of it."""
        span = {"range": f"bytes={start}-{start + size - 1}"} if size is not None else {}
        return self._sender.send("GET", self._url(path), headers=span).body

    def write(self, path: str, content: bytes) -> None:
        """An object in one piece."""
        self._sender.send("PUT", self._url(path), body=content)

    def begin(self, path: str) -> Upload:
        """An object in pieces, which is there only once it is complete."""
        answer = self._sender.send("POST", f"{self._url(path)}?uploads=")
        return Upload(self._sender, self._url(path), _text(ET.fromstring(answer.body), "UploadId"))  # noqa: S314

    def _list(self) -> Iterator[Stored]:
        token = ""
        while True:
            query = {"list-type": "2", "prefix": self._prefix}
            if token:
                query["continuation-token"] = token
            answer = self._sender.send("GET", f"{self._root}/?{urlencode(query, quote_via=quote)}")
            page = ET.fromstring(answer.body)  # noqa: S314 - S3's own
            for one in page.iter(f"{_NS}Contents"):
                yield Stored(_text(one, "Key").removeprefix(self._prefix), int(_text(one, "Size")))
            token = _text(page, "NextContinuationToken")
            if not token:
                return

    def _url(self, path: str) -> str:
        return f"{self._root}/{quote(self._prefix + path, safe='/~')}"


class Upload:
    """A multipart upload; whoever does not complete it aborts it."""

    def __init__(self, sender: Sender, url: str, id_: str) -> None:
        self._sender = sender
        self._url = url
        self._id = quote(id_, safe="~")
        self._tags: list[str] = []

    def part(self, content: bytes) -> None:
        """The next piece, of 5 MiB at least unless it is the last."""
        number = len(self._tags) + 1
        answer = self._sender.send(
            "PUT", f"{self._url}?partNumber={number}&uploadId={self._id}", body=content
        )
        self._tags.append(answer.headers["etag"])

    def complete(self) -> None:
        """The object is there now."""
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>"
            for number, tag in enumerate(self._tags, 1)
        )
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        self._sender.send("POST", f"{self._url}?uploadId={self._id}", body=body)

    def abort(self) -> None:
        """Nothing of it is left."""
        self._sender.send("DELETE", f"{self._url}?uploadId={self._id}")


def _text(element: ET.Element, name: str) -> str:
    return element.findtext(f"{_NS}{name}") or ""
