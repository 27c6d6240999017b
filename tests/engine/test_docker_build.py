"""The docker-build plugin, which builds nothing: through the real engine and on its own."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator
from pathlib import Path

import grpc
import pytest

from local.plugins.base.values import UNKNOWN, Properties, Secret, Value
from local.plugins.docker_build import ignore
from local.plugins.docker_build.context import context_hash
from local.plugins.docker_build.image import hash_of, outcome
from tests.engine.served import Served, serving
from tests.engine.workspace import Project

IMAGE = "docker-build:index:Image"
INDEX = "docker-build:index:Index"
REPOSITORY = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/roost-dev/server"
PROGRAM = """
    import pulumi
    import pulumi_docker_build as docker

    image = docker.Image(
        "server",
        context=docker.BuildContextArgs(location="app"),
        dockerfile=docker.DockerfileArgs(location="app/Dockerfile"),
        build_args={{"PYTHON": "{python}"}},
        platforms=["linux/amd64", "linux/arm64"],
        push=True,
        tags=["{repository}:{tag}"],
        registries=[docker.RegistryArgs(
            address="{repository}", username="AWS", password=pulumi.Output.secret("{password}")
        )],
    )
    pulumi.export("ref", image.ref)
    pulumi.export("digest", image.digest)
    pulumi.export("hash", image.context_hash)
"""


def program(*, python: str = "3.13", tag: str = "v1", password: str = "first-of-many") -> str:
    return PROGRAM.format(python=python, tag=tag, repository=REPOSITORY, password=password)


@pytest.fixture
def project(new_project: Callable[..., Project]) -> Project:
    made = new_project()
    made.write("app/Dockerfile", "FROM scratch\n")
    made.write("app/main.py", "print('one')\n")
    made.write("app/.dockerignore", "*.md\n")
    return made


@pytest.fixture
def context(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "main.py").write_text("one")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "more.py").write_text("more")
    return tmp_path


@pytest.fixture(scope="module")
def plugin() -> Generator[Served]:
    with serving("local.plugins.docker_build") as served:
        yield served


def inputs(folder: Path, **more: Value) -> dict[str, Value]:
    return {"push": True, "context": {"location": str(folder)}, "tags": [f"{REPOSITORY}:v1"], **more}


def hashed(context: Path) -> str:
    return context_hash(str(context), context / "Dockerfile", {})


def test_a_changed_context_is_another_digest_and_preview_says_so(project: Project) -> None:
    project.program(program())
    said = project.up()
    assert "not built" in said
    assert "nothing is pushed" in said
    first = project.outputs()
    assert first["ref"] == f"{REPOSITORY}:v1@{first['digest']}"
    assert first["digest"].startswith("sha256:")
    assert len(first["digest"]) == len("sha256:") + 64
    assert "first-of-many" not in project.exported()

    project.program(program(password="another-one"))
    assert "2 unchanged" in project.up(), "the registry's password is another one at every run"
    project.write("app/README.md", "not part of the image")
    assert "2 unchanged" in project.up()
    assert "not built" not in project.run("refresh", "--yes")

    project.write("app/main.py", "print('two')\n")
    preview = project.run("preview", "--diff")
    assert "contextHash" in preview
    assert "1 to update" in preview
    assert "1 updated" in project.up()
    second = project.outputs()
    assert second["hash"] != first["hash"]
    assert second["digest"] != first["digest"]

    project.program(program(python="3.14"))
    assert "1 updated" in project.up()
    third = project.outputs()
    assert third["hash"] == second["hash"]
    assert third["digest"] != second["digest"]

    project.write("app/main.py", "print('one')\n")
    project.program(program())
    project.up()
    assert project.outputs() == first, "the same files are the same image, on every machine and at any time"
    assert "2 deleted" in project.run("destroy", "--yes")


def test_every_file_counts_with_its_name_mode_and_content(context: Path) -> None:
    before = hashed(context)
    assert hashed(context) == before
    seen = {before}
    (context / "deep" / "more.py").write_text("other")
    seen.add(hashed(context))
    (context / "deep" / "more.py").rename(context / "deep" / "renamed.py")
    seen.add(hashed(context))
    (context / "main.py").chmod(0o755)
    seen.add(hashed(context))
    (context / "link").symlink_to("main.py")
    seen.add(hashed(context))
    (context / "link").unlink()
    (context / "link").symlink_to("deep")
    seen.add(hashed(context))
    (context / "Dockerfile").write_text("FROM scratch AS other\n")
    seen.add(hashed(context))
    assert len(seen) == 7


def test_times_and_owners_do_not_count(context: Path) -> None:
    before = hashed(context)
    os.utime(context / "main.py", (1, 1))
    (context / "main.py").chmod(0o600)
    assert hashed(context) == before


def test_a_dockerfile_that_is_ignored_still_counts(context: Path) -> None:
    (context / ".dockerignore").write_text("Dockerfile\n.dockerignore\n")
    before = hashed(context)
    (context / "Dockerfile").write_text("FROM scratch AS other\n")
    assert hashed(context) != before


def test_a_named_context_counts_and_one_elsewhere_by_its_location_only(context: Path, tmp_path: Path) -> None:
    def with_named(location: str) -> str:
        return hash_of({"context": {"location": str(context), "named": {"base": {"location": location}}}})

    other = tmp_path / "other"
    other.mkdir()
    (other / "file").write_text("one")
    before = with_named(str(other))
    (other / "file").write_text("two")
    assert with_named(str(other)) != before
    assert with_named("docker-image://python:3.13") != with_named("docker-image://python:3.14")


@pytest.mark.parametrize(
    ("lines", "out", "within"),
    [
        (["*.md"], ["README.md"], ["docs/README.md", "main.py"]),
        (["**/*.md"], ["README.md", "docs/deep/README.md"], ["main.py"]),
        (["/docs/"], ["docs", "docs/a/b.txt"], ["app/docs"]),
        (["**/__pycache__"], ["__pycache__/a.pyc", "app/deep/__pycache__/b.pyc"], ["app/cache.py"]),
        (["docs", "!docs/keep.md"], ["docs/other.md"], ["docs/keep.md"]),
        (["*", "!app"], ["main.py"], ["app/main.py"]),
        (["# a comment", "", "temp?"], ["temp1"], ["temp", "temp12", "a comment"]),
        (["lib[0-9].so", "file.[!t]xt"], ["lib1.so", "file.axt"], ["libx.so", "file.txt"]),
        (["a.b"], ["a.b"], ["axb"]),
        (["./build/../dist"], ["dist/x"], ["build/x"]),
        (["**"], ["anything/at/all"], []),
    ],
)
def test_a_dockerignore_is_read_as_docker_reads_it(
    lines: list[str], out: list[str], within: list[str]
) -> None:
    patterns = ignore.Ignore(lines)
    assert [path for path in out if not patterns.leaves_out(path)] == []
    assert [path for path in within if patterns.leaves_out(path)] == []


def test_a_dockerfile_has_an_ignore_file_of_its_own(context: Path) -> None:
    (context / ".dockerignore").write_text("main.py\n")
    (context / "Dockerfile.dockerignore").write_text("deep\n")
    before = hashed(context)
    (context / "deep" / "more.py").write_text("other")
    assert hashed(context) == before
    (context / "main.py").write_text("other")
    assert hashed(context) != before


def test_a_file_in_an_ignored_directory_may_be_taken_back_in(context: Path) -> None:
    (context / ".dockerignore").write_text("deep\n!deep/more.py\n")
    (context / "deep" / "out.py").write_text("one")
    before = hashed(context)
    (context / "deep" / "out.py").write_text("two")
    assert hashed(context) == before
    (context / "deep" / "more.py").write_text("two")
    assert hashed(context) != before


def test_an_image_that_is_not_pushed_has_no_digest(context: Path) -> None:
    made = outcome(inputs(context, push=False))
    assert made.digest is None
    assert made.ref == f"{REPOSITORY}:v1"


def test_a_tag_is_completed_as_docker_completes_it(context: Path) -> None:
    made = outcome(inputs(context, tags=["localhost:5000/roost"]))
    assert made.ref == f"localhost:5000/roost:latest@{made.digest}"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"psh": True}, "psh is not an input here; did you mean push?"),
        ({"push": "yes"}, "push must be a boolean, not a str"),
        ({"platforms": ["linux/roost"]}, "platforms[0] must be one of"),
        ({"context": {"location": "/nowhere"}}, "'/nowhere': not a valid directory or URL"),
        ({"dockerfile": {"location": "/nowhere/Dockerfile"}}, "'/nowhere/Dockerfile': no such file"),
        ({"tags": []}, "at least one tag is needed when pushing to a registry"),
        ({"registries": [{"adress": "x"}]}, "registries[0].adress is not an input here"),
    ],
)
def test_wrong_inputs_are_refused(
    plugin: Served, context: Path, change: dict[str, Value], reason: str
) -> None:
    found = plugin.problems(IMAGE, **inputs(context, **change))
    assert any(problem.startswith(reason) for problem in found), found


def test_right_inputs_are_taken_also_while_they_are_unknown(plugin: Served, context: Path) -> None:
    assert plugin.problems(IMAGE, **inputs(context)) == []
    secret: Value = [{"address": "x", "username": "AWS", "password": Secret("pass")}]
    assert plugin.problems(IMAGE, **inputs(context, registries=secret)) == []
    assert plugin.problems(IMAGE, push=True, tags=UNKNOWN, context=UNKNOWN, dockerfile=UNKNOWN) == []


def test_a_preview_knows_the_context_but_not_the_digest(plugin: Served, context: Path) -> None:
    shown = plugin.create(IMAGE, preview=True, **inputs(context, tags=UNKNOWN))
    assert shown["contextHash"] == hashed(context)
    assert shown["digest"] is UNKNOWN
    assert shown["ref"] is UNKNOWN
    shown = plugin.create(IMAGE, preview=True, **inputs(context, dockerfile=UNKNOWN))
    assert shown["contextHash"] is UNKNOWN


def test_secrets_that_are_said_to_be_short_lived_are_no_change(plugin: Served, context: Path) -> None:
    old = inputs(context, secrets={"token": "one"}, ignoreSecretsInDiffCalculation=["token"])
    new = {**old, "secrets": {"token": "two"}}
    outputs = {**old, "contextHash": hashed(context)}
    assert plugin.diff(IMAGE, old, new, outputs) == ([], [])
    new["ignoreSecretsInDiffCalculation"] = []
    assert "secrets" in plugin.diff(IMAGE, old, new, outputs)[0]
    assert plugin.diff(IMAGE, old, {**old, "pull": True}, outputs)[0] == ["pull", "contextHash"]


def test_what_the_fallback_does_not_have_is_said(plugin: Served) -> None:
    with pytest.raises(grpc.RpcError, match="does not have docker-build:index:Cache, only"):
        plugin.create("docker-build:index:Cache")


def test_an_index_follows_the_images_that_it_lists(plugin: Served) -> None:
    both: Value = ["registry/app@sha256:1", "registry/app@sha256:2"]
    given: Properties = {"tag": "registry/app:build", "sources": both, "push": True}
    assert plugin.problems(INDEX, **given) == []
    assert plugin.problems(INDEX, **{**given, "tags": ["x"]}) != []
    assert plugin.create(INDEX, preview=True, **given)["ref"] is UNKNOWN
    made = plugin.create(INDEX, **given)
    assert re.fullmatch(r"registry/app:build@sha256:[0-9a-f]{64}", str(made["ref"]))

    login: Value = {"address": "registry", "username": "AWS", "password": Secret("of today")}
    assert plugin.diff(INDEX, given, {**given, "registry": login}, made) == ([], [])
    moved: Properties = {**given, "sources": ["registry/app@sha256:3"]}
    assert plugin.diff(INDEX, given, moved, made) == (["sources"], [])
    assert plugin.create(INDEX, **moved)["ref"] != made["ref"]
