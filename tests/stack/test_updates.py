"""The stack's life after the first `pulumi up`: no change, a new image, a bad migration, destroy and back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import paths
from tests.support.stack import REPO, Stack, eventually, make_env, recalls

BAD_REVISION = "9999_broken"
BAD_MIGRATION = '''"""A migration that Postgres refuses."""

from alembic import op

revision = "9999_broken"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE no_such_table ADD COLUMN surprise text")


def downgrade() -> None:
    pass
'''


@pytest.fixture
def other_images() -> Iterator[dict[str, str]]:
    """platform.json with images that a test may change; put back afterwards."""
    path = paths.platform_facts()
    before = path.read_text()
    yield json.loads(before)["images"]
    path.write_text(before)


def use_server_image(reference: str) -> None:
    path = paths.platform_facts()
    document = json.loads(path.read_text())
    document["images"]["server"] = reference
    path.write_text(json.dumps(document, indent=2) + "\n")


def ctr(stack: Stack, *arguments: str) -> None:
    socket = paths.state() / "machine" / "run" / "containerd.sock"
    result = stack.run("ctr", "--address", str(socket), "--namespace", "k8s.io", *arguments)
    assert result.returncode == 0, result.stderr


def test_second_up_changes_nothing(stack: Stack) -> None:
    stack.pulumi("preview", "--expect-no-changes")


def test_refresh_finds_no_drift(stack: Stack) -> None:
    stack.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")


def test_new_image_rolls_without_a_failed_request(
    stack: Stack, agent_id: str, other_images: dict[str, str]
) -> None:
    old = other_images["server"]
    new = f"{old.rpartition(':')[0]}:rolled"
    ctr(stack, "images", "tag", "--force", old, new)
    use_server_image(new)
    pods_before = _settled_server_pods(stack)
    with stack.traffic() as traffic:
        stack.up()
        eventually(lambda: _server_pods(stack).isdisjoint(pods_before), 90, "the old pods are gone")
    assert traffic.requests > 20
    assert traffic.failures == []
    assert recalls(stack, agent_id)
    use_server_image(old)
    stack.up()


def test_failed_migration_says_why_and_the_old_server_keeps_serving(
    stack: Stack, agent_id: str, other_images: dict[str, str], tmp_path: Path
) -> None:
    tree = tmp_path / "roost"
    shutil.copytree(
        REPO, tree, ignore=shutil.ignore_patterns(".git", "__pycache__", ".hypothesis", "*_cache")
    )
    versions = tree / "migrations" / "versions"
    head = _head(versions)
    (versions / f"{BAD_REVISION}.py").write_text(BAD_MIGRATION.format(head=head))
    bad_image = _build_server(stack, tree)
    use_server_image(bad_image)
    pods_before = _settled_server_pods(stack)
    environment = {**stack.env, "PYTHONPATH": str(tree)}
    with stack.traffic() as traffic:
        result = Stack(environment).run(
            "pulumi",
            "up",
            "--yes",
            "--skip-preview",
            "--stack",
            "local",
            "--non-interactive",
            "--color=never",
            cwd=tree,
        )
    output = result.stdout + result.stderr
    assert result.returncode != 0
    assert 'relation "no_such_table" does not exist' in output, output
    assert traffic.failures == []
    assert _settled_server_pods(stack) == pods_before
    use_server_image(other_images["server"])
    stack.up()
    stack.pulumi("preview", "--expect-no-changes")
    assert recalls(stack, agent_id)


def test_destroy_and_up_again_keeps_what_agents_know(stack: Stack, agent_id: str) -> None:
    stack.pulumi("destroy", "--yes", "--skip-preview")
    left = stack.run("kubectl", "get", "namespace", "roost")
    assert "NotFound" in left.stderr
    stack.up()
    stack.env.update(make_env())
    eventually(lambda: recalls(stack, agent_id), 60, "the agent answers from the kept volume")


def _server_pods(stack: Stack) -> set[str]:
    """Names of the server's pods, of those too that are still draining."""
    pods = stack.kubectl_json("get", "pods", "-l", "app.kubernetes.io/name=server")
    return {pod["metadata"]["name"] for pod in pods["items"]}


def _settled_server_pods(stack: Stack) -> set[str]:
    """Names of the server's pods, once none of an earlier rollout is draining any more."""

    def none_is_draining() -> bool:
        pods = stack.kubectl_json("get", "pods", "-l", "app.kubernetes.io/name=server")["items"]
        return not any(pod["metadata"].get("deletionTimestamp") for pod in pods)

    eventually(none_is_draining, 90, "no server pod is draining any more")
    return _server_pods(stack)


def _head(versions: Path) -> str:
    from alembic.script import ScriptDirectory

    head = ScriptDirectory(str(versions.parent)).get_current_head()
    assert head
    return head


def _build_server(stack: Stack, tree: Path) -> str:
    """The server's image built from another tree, loaded into the node; its reference."""
    code = (
        "from local import machine; from local.images.build import build_all; "
        "from local.progress import Quiet; "
        "built = build_all(Quiet())['server']; machine.import_images(Quiet(), {built.ref: built.archive}); "
        "print(built.ref)"
    )
    result = stack.run("python", "-c", code, cwd=tree)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip().splitlines()[-1]


def test_nothing_of_this_was_written_into_the_checkout(stack: Stack) -> None:
    if not (REPO / ".git").exists():
        pytest.fail("this test needs the git checkout")
    changed = stack.run(
        "git",
        "status",
        "--porcelain",
        "--",
        "Pulumi.*.yaml",
    )
    assert changed.stdout == ""
