"""A revision of a model's repository on Hugging Face: which files it has, and what is in them."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from app.weights.errors import UnusableError, WeightsError

HUB = "https://huggingface.co"
KINDS = frozenset({".safetensors", ".json", ".txt", ".model", ".jinja", ".tiktoken"})
"""What a server reads. Never code, and never pickled weights, which are code."""

_SECONDS = 60
_REDIRECTS = 5
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')


@dataclass(frozen=True)
class HubFile:
    """One file and what its content must hash to: SHA-256 where it is large, else as git does."""

    path: str
    size: int
    sha256: str | None
    git: str


@dataclass(frozen=True)
class Revision:
    """One commit of one repository."""

    repository: str
    commit: str
    token: str | None = None
    hub: str = HUB

    def files(self) -> list[HubFile]:
        """Its files that a server needs. Raises UnusableError where it has no weights that can be read."""
        found: list[HubFile] = []
        url = f"{self.hub}/api/models/{self.repository}/tree/{self.commit}?recursive=true"
        while url:
            with self._get(url) as response:
                page: list[dict[str, Any]] = json.loads(response.read())
                following = _NEXT.search(response.headers.get("Link") or "")
            found += [_file(one) for one in page if one.get("type") == "file" and _is_needed(one["path"])]
            url = urljoin(url, following[1]) if following else ""
        if not any(one.path.endswith(".safetensors") for one in found):
            raise UnusableError(
                f"{self.repository} at {self.commit} has no .safetensors files, and other kinds can "
                "run code when they are loaded: choose a revision or a copy that has them"
            )
        return found

    @contextmanager
    def open(self, path: str) -> Generator[http.client.HTTPResponse]:
        """The content of one file."""
        where = f"{self.hub}/{self.repository}/resolve/{self.commit}/{quote(path, safe='/~')}"
        with self._get(where) as response:
            yield response

    @contextmanager
    def _get(self, url: str) -> Generator[http.client.HTTPResponse]:
        """Follows redirects by itself: the token is for the hub alone, not for where it sends us."""
        for _ in range(_REDIRECTS):
            parts = urlsplit(url)
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            connection = kind(parts.netloc, timeout=_SECONDS)
            try:
                ours = parts.netloc == urlsplit(self.hub).netloc
                headers = {"Authorization": f"Bearer {self.token}"} if self.token and ours else {}
                connection.request("GET", url[url.index(parts.netloc) + len(parts.netloc) :], headers=headers)
                response = connection.getresponse()
                if response.status in {301, 302, 303, 307, 308}:
                    url = urljoin(url, response.headers["Location"])
                    continue
                if response.status != 200:
                    raise self._refused(response)
                yield response
            except (OSError, http.client.HTTPException) as error:
                raise WeightsError(f"{parts.netloc} could not be asked for {parts.path}: {error!r}") from None
            else:
                return
            finally:
                connection.close()
        raise WeightsError(f"the hub sends us around in circles, lastly to {urlsplit(url).netloc}")

    def _refused(self, response: http.client.HTTPResponse) -> WeightsError:
        said = response.read(300).decode("utf-8", "replace")
        if response.status in {401, 403}:
            return UnusableError(
                f"the hub does not show {self.repository} to us ({response.status}): it is gated or private; "
                f"accept its terms, and name a token in inference.weights.hubTokenSecret. It said: {said}"
            )
        if response.status == 404:
            return UnusableError(f"the hub has no {self.repository} at {self.commit}, or no such file in it")
        return WeightsError(f"the hub answered {response.status}: {said}")


def _file(entry: dict[str, Any]) -> HubFile:
    large = entry.get("lfs") or {}
    return HubFile(entry["path"], int(entry["size"]), large.get("oid"), entry["oid"])


def _is_needed(path: str) -> bool:
    """Files of the repository's top and of its parts; `original/` and such hold the same once more."""
    pure = PurePosixPath(path)
    return pure.suffix in KINDS and pure.parts[0] not in {"original", "onnx", "openvino", "metal", ".github"}
