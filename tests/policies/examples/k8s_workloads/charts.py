"""What comes from elsewhere is looked at before it is installed."""

from __future__ import annotations

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, put

RELEASE = "kubernetes:helm.sh/v3:Release"
CHART = "kubernetes:helm.sh/v4:Chart"
FILE = "kubernetes:yaml/v2:ConfigFile"
GROUP = "kubernetes:yaml/v2:ConfigGroup"
DIRECTORY = "kubernetes:kustomize/v2:Directory"
PINNED = f"oci://registry.example.com/charts/app@sha256:{'0123456789abcdef' * 4}"

EXAMPLES = (
    Example(
        "k8s-opaque-charts",
        good=(
            R(CHART, {"chart": PINNED, "version": "1.2.3"}),
            R(RELEASE, {"chart": "app", "version": "1.2.3", "verify": True}, name="known"),
            R(FILE, {"file": "./manifests/app.yaml"}, name="file"),
            R(GROUP, {"files": ["./manifests/*.yaml", "more.yaml"], "yaml": "kind: Pod"}, name="group"),
            R(DIRECTORY, {"directory": "./overlays/prod"}, name="directory"),
        ),
        bad={
            "a release that nobody listed": lambda stack: [
                *stack,
                R(RELEASE, {"chart": PINNED, "version": "1.2.3"}, name="other"),
            ],
            "any version": drop("it", "version"),
            "a range of versions": put("it", "version", "^1.2.3"),
            "a part of a version": put("it", "version", "1.2"),
            "the newest one": put("it", "devel", True),
            "no digest": put("it", "chart", "oci://registry.example.com/charts/app"),
            "a tag for a digest": put("it", "chart", "oci://registry.example.com/charts/app:1.2.3"),
            "a chart of a repository": both(
                put("it", "chart", "app"), put("it", "repositoryOpts", {"repo": "https://charts.example.com"})
            ),
            "a release that is not signed": put("known", "verify", False),
            "neither version nor digest": Bad(both(drop("it", "version"), put("it", "chart", "app")), 2),
            "a manifest by its address": put("file", "file", "https://example.com/app.yaml"),
            "one of several": put("group", "files[1]", "http://example.com/app.yaml"),
            "a remote directory": put("directory", "directory", "github.com/example/app"),
            "by git": put("directory", "directory", "git@github.com:example/app.git"),
        },
        fine={
            "a chart of the repository": both(put("it", "chart", "./charts/app"), drop("it", "version")),
            "a component that does not show its inputs": drop("it", "chart"),
        },
        open={
            "nobody knows the chart": put("it", "chart", UNKNOWN),
            "nor the file": put("file", "file", UNKNOWN),
        },
        config={"releases": ["known"]},
    ),
)
