"""A model's files from the hub into a bucket and onto a disk: with a played hub and moto's S3."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from app import cli
from app.aws import credentials, requests, signing
from app.weights import bucket as bucket_module
from app.weights import fetch as fetch_module
from app.weights.fetch import MANIFEST

REPOSITORY, COMMIT = "someone/model", "0123456789abcdef0123456789abcdef01234567"
PREFIX = f"models/{REPOSITORY}/{COMMIT}/"
REGION = "eu-central-1"
LARGE = bytes(range(256)) * 4096 * 11  # 11 MiB: more than one part, more than one range
FILES = {
    "config.json": b'{"architectures": ["X"]}',
    "tokenizer_config.json": b"{}",
    "model-00001-of-00002.safetensors": LARGE,
    "model-00002-of-00002.safetensors": b"small",
    "1_Pooling/config.json": b"{}",
    "README.md": b"no",
    "modeling_x.py": b"raise SystemExit",
    "pytorch_model.bin": b"pickled",
    "original/params.json": b"{}",
}
NEEDED = {path for path in FILES if path.endswith((".safetensors", "onfig.json"))}


@dataclass
class Hub:
    """Hugging Face as far as we ask it; large files are elsewhere, as there."""

    files: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    token: str | None = None
    spoiled: set[str] = field(default_factory=set[str])
    url: str = ""
    elsewhere: str = ""
    seen: list[tuple[str, str | None]] = field(default_factory=list[tuple[str, str | None]])

    def answer(self, host: str, path: str, token: str | None) -> tuple[int, dict[str, str], bytes]:
        self.seen.append((f"{host} {path}", token))
        if host in self.elsewhere:
            content = self.files[path.removeprefix("/")]
            name = path.removeprefix("/")
            return 200, {}, content[:-1] + b"!" if name in self.spoiled else content
        if self.token and token != f"Bearer {self.token}":
            return 401, {}, b"gated"
        parts = urlsplit(path)
        if parts.path == f"/api/models/{REPOSITORY}/tree/{COMMIT}":
            return self._page(parts.query)
        name = parts.path.removeprefix(f"/{REPOSITORY}/resolve/{COMMIT}/")
        if name not in self.files:
            return 404, {}, b""
        if len(self.files[name]) > 100:
            return 302, {"Location": f"{self.elsewhere}/{name}"}, b""
        return 200, {}, self.files[name]

    def _page(self, query: str) -> tuple[int, dict[str, str], bytes]:
        """Two pages, as the hub has for long lists."""
        entries = [_entry(path, content) for path, content in self.files.items()]
        if "cursor" in query:
            return 200, {}, json.dumps(entries[4:]).encode()
        more = f'<{self.url}/api/models/{REPOSITORY}/tree/{COMMIT}?recursive=true&cursor=x>; rel="next"'
        folder = {"type": "directory", "path": "original", "oid": "0", "size": 0}
        return 200, {"Link": more}, json.dumps([folder, *entries[:4]]).encode()


def _entry(path: str, content: bytes) -> dict[str, Any]:
    git = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
    entry: dict[str, Any] = {"type": "file", "path": path, "size": len(content), "oid": git}
    if len(content) > 100:
        entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}
        entry["oid"] = "of the pointer"
    return entry


Answer = Callable[[str, str, str | None], tuple[int, dict[str, str], bytes]]


def _serve(answer: Answer) -> tuple[ThreadingHTTPServer, str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = f"127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]
            status, headers, body = answer(host, self.path, self.headers.get("Authorization"))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def hub() -> Iterator[Hub]:
    played = Hub()
    near, played.url = _serve(played.answer)
    far, played.elsewhere = _serve(played.answer)
    yield played
    for server in (near, far):
        server.shutdown()
        server.server_close()


@dataclass
class Place:
    """A bucket, as boto3 sees it."""

    client: Any
    name: str

    def contents(self) -> dict[str, bytes]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        keys = [one["Key"] for page in pages for one in page.get("Contents", ())]
        return {key: self.client.get_object(Bucket=self.name, Key=key)["Body"].read() for key in keys}


@pytest.fixture
def place(s3: str, hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Place:
    name = f"weights-{tmp_path.name.replace('_', '-').lower()}"[:60].strip("-")
    client = boto3.client("s3", REGION, endpoint_url=s3, aws_access_key_id="a", aws_secret_access_key="b")
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    for key, value in {
        "AWS_ENDPOINT_URL_S3": s3,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": s3,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "ROOST_WEIGHTS_BUCKET": name,
        "ROOST_WEIGHTS_PREFIX": PREFIX,
        "ROOST_WEIGHTS_REPOSITORY": REPOSITORY,
        "ROOST_WEIGHTS_REVISION": COMMIT,
        "ROOST_WEIGHTS_HUB": hub.url,
        "ROOST_WEIGHTS_DIR": str(tmp_path / "model"),
    }.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr(fetch_module, "PART_BYTES", 5 * 2**20)
    return Place(client, name)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_model_arrives_whole_and_without_code(place: Place, tmp_path: Path) -> None:
    assert cli.main(["weights", "fetch"]) == 0
    stored = {key.removeprefix(PREFIX): content for key, content in place.contents().items()}
    manifest = json.loads(stored.pop(MANIFEST))
    assert stored == {path: FILES[path] for path in NEEDED}
    assert manifest["files"] == {path: len(FILES[path]) for path in NEEDED}
    assert (manifest["repository"], manifest["revision"]) == (REPOSITORY, COMMIT)
    assert cli.main(["weights", "copy"]) == 0
    copied = tree(tmp_path / "model")
    assert {path: copied[path] for path in NEEDED} == stored
    assert not [path for path in copied if path.endswith(".partial")]


def test_what_is_there_is_not_fetched_again(place: Place, hub: Hub) -> None:
    assert cli.main(["weights", "fetch"]) == 0
    hub.seen.clear()
    place.client.delete_object(Bucket=place.name, Key=f"{PREFIX}tokenizer_config.json")
    assert cli.main(["weights", "fetch"]) == 0
    assert [path for path, _ in hub.seen if "/resolve/" in path] == [
        f"{urlsplit(hub.url).netloc} /{REPOSITORY}/resolve/{COMMIT}/tokenizer_config.json"
    ]


def test_another_content_than_the_hub_promised_is_never_stored(
    place: Place, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.spoiled.add("model-00001-of-00002.safetensors")
    assert cli.main(["weights", "fetch"]) == 1
    assert "another content" in capsys.readouterr().err
    stored = place.contents()
    assert f"{PREFIX}model-00001-of-00002.safetensors" not in stored
    assert f"{PREFIX}{MANIFEST}" not in stored
    assert not place.client.list_multipart_uploads(Bucket=place.name).get("Uploads")


def test_the_token_is_for_the_hub_alone(
    place: Place, hub: Hub, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = boto3.client(
        "secretsmanager", REGION, endpoint_url=s3, aws_access_key_id="a", aws_secret_access_key="b"
    )
    arn = vault.create_secret(Name="hub-token", SecretString="made-up\n")["ARN"]
    hub.token = "made-up"
    assert cli.main(["weights", "fetch"]) == 2  # gated
    monkeypatch.setenv("ROOST_WEIGHTS_TOKEN_SECRET", arn)
    hub.seen.clear()
    assert cli.main(["weights", "fetch"]) == 0
    far = urlsplit(hub.elsewhere).netloc
    assert {token for path, token in hub.seen if path.startswith(far)} == {None}
    assert {token for path, token in hub.seen if not path.startswith(far)} == {"Bearer made-up"}


def test_pickled_weights_are_refused(place: Place, hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    hub.files = {path: content for path, content in FILES.items() if not path.endswith(".safetensors")}
    assert cli.main(["weights", "fetch"]) == 2
    assert "no .safetensors files" in capsys.readouterr().err
    assert place.contents() == {}


def test_an_empty_or_broken_prefix_is_no_model(
    place: Place, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.main(["weights", "copy"]) == 2
    assert "holds no model" in capsys.readouterr().err
    assert cli.main(["weights", "fetch"]) == 0
    place.client.put_object(Bucket=place.name, Key=f"{PREFIX}config.json", Body=b"shorter")
    assert cli.main(["weights", "copy"]) == 2
    assert "config.json" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_a_copy_that_broke_off_goes_on(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli.main(["weights", "fetch"]) == 0
    read = bucket_module.Bucket.read

    def broken(self: Any, path: str, start: int = 0, size: int | None = None) -> bytes:
        if path == "model-00001-of-00002.safetensors":
            raise requests.RequestError("the network is gone")
        return read(self, path, start, size)

    with monkeypatch.context() as patch:
        patch.setattr(bucket_module.Bucket, "read", broken)
        assert cli.main(["weights", "copy"]) == 1
    assert not (tmp_path / "model" / "model-00001-of-00002.safetensors").exists()
    assert cli.main(["weights", "copy"]) == 0
    assert tree(tmp_path / "model")["model-00001-of-00002.safetensors"] == LARGE


def test_no_object_is_written_outside(place: Place, tmp_path: Path) -> None:
    for key in ("config.json", "a.safetensors", "../../escaped.json"):
        place.client.put_object(Bucket=place.name, Key=f"{PREFIX}{key}", Body=b"{}")
    assert cli.main(["weights", "copy"]) == 2
    assert not list(tmp_path.rglob("escaped.json"))


def test_what_is_missing_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROOST_WEIGHTS_BUCKET")
    assert cli.main(["weights", "copy"]) == 2


@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE"]),
    # Segments of dots alone mean another path, which only S3 takes as it is; no name of ours has them.
    path=st.lists(st.text("abcXYZ019-_.~", min_size=1).filter(lambda one: one.strip(".")), max_size=4),
    query=st.dictionaries(
        st.sampled_from(["uploads", "prefix", "partNumber"]), st.text("ab/ =+&", max_size=5)
    ),
    token=st.one_of(st.none(), st.just("session")),
    service=st.sampled_from(["s3", "secretsmanager"]),
    body=st.binary(max_size=20),
)
def test_signatures_are_those_of_botocore(
    method: str, path: list[str], query: dict[str, str], token: str | None, service: str, body: bytes
) -> None:
    from urllib.parse import quote, urlencode

    url = "https://bucket.example.com/" + "/".join(path)
    if query:
        url += f"?{urlencode(query, quote_via=quote)}"
    now = datetime.now(UTC)
    ours = signing.signed(
        method,
        url,
        {"Range": "bytes=0-1"},
        body_sha256=hashlib.sha256(body).hexdigest(),
        credentials=credentials.Credentials("AKID", "made-up", token),
        region=REGION,
        service=service,
        now=now,
    )
    theirs = AWSRequest(method, url, headers={"Range": "bytes=0-1"}, data=body)
    theirs.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
    theirs.context["payload_signing_enabled"] = True
    kind = S3SigV4Auth if service == "s3" else SigV4Auth
    signer = kind(BotoCredentials("AKID", "made-up", token), service, REGION)
    signer._modify_request_before_signing(theirs)  # pyright: ignore[reportPrivateUsage]
    text = signer.string_to_sign(theirs, signer.canonical_request(theirs))
    assert ours["authorization"].endswith(str(signer.signature(text, theirs)))


def test_the_pod_is_who_its_service_account_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str | None] = []

    def agent(host: str, path: str, token: str | None) -> tuple[int, dict[str, str], bytes]:
        asked.append(token)
        ends = datetime.now(UTC) + timedelta(minutes=1 if len(asked) == 1 else 60)
        said = {
            "AccessKeyId": f"A{len(asked)}",
            "SecretAccessKey": "s",
            "Token": "t",
            "Expiration": ends.isoformat(),
        }
        return 200, {}, json.dumps(said).encode()

    server, url = _serve(agent)
    (tmp_path / "token").write_text("of the kubelet\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{url}/v1/credentials")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(tmp_path / "token"))
    identity = credentials.Identity()
    assert identity.credentials().access_key == "A1"
    assert identity.credentials().access_key == "A2"  # the first ends too soon
    assert identity.credentials().access_key == "A2"
    assert asked == ["of the kubelet"] * 2
    server.shutdown()
    server.server_close()
    with pytest.raises(credentials.CredentialsError, match="gave no credentials"):
        credentials.Identity().credentials()
    monkeypatch.delenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    with pytest.raises(credentials.CredentialsError, match="Pod Identity association"):
        credentials.Identity().credentials()
