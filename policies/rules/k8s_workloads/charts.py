"""What comes from elsewhere is looked at before it is installed."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Value

_RELEASE = "kubernetes:helm.sh/v3:Release"
_CHARTS = (_RELEASE, "kubernetes:helm.sh/v3:Chart", "kubernetes:helm.sh/v4:Chart")
_SOURCES = {
    "kubernetes:yaml:ConfigFile": "file",
    "kubernetes:yaml:ConfigGroup": "files",
    "kubernetes:yaml/v2:ConfigFile": "file",
    "kubernetes:yaml/v2:ConfigGroup": "files",
    "kubernetes:kustomize:Directory": "directory",
    "kubernetes:kustomize/v2:Directory": "directory",
}
_EXACT = re.compile(r"^v?\d{1,9}\.\d{1,9}\.\d{1,9}(?:[-+][\w.+-]{1,128})?$", re.ASCII)
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_REMOTE = re.compile(r"^[\w+.-]*://|^[\w.-]+@[\w.-]+:|^(?:github|gitlab|bitbucket)\.\w+/", re.IGNORECASE)


class Charts(Settings):
    """Charts that were read by somebody."""

    releases: tuple[str, ...] = Field(
        default=(), description="Globs over logical names of Helm releases that may be installed unseen."
    )


@resource_rule(
    "k8s-opaque-charts",
    types(*_CHARTS, *_SOURCES),
    title="Nothing is installed that these policies cannot look into, or that somebody else can change",
    why="A Helm release is rendered by the provider, so no policy sees its objects; a chart or manifest that "
    "is fetched by address or by a range of versions is another one tomorrow.",
    fix="Use Chart of helm.sh/v4 with an exact version from an oci:// address with @sha256:, or files of the "
    "repository; or list a release in the rule's releases.",
    severity=Severity.HIGH,
    refs="SLSA L2",
    url="https://www.pulumi.com/registry/packages/kubernetes/api-docs/helm/v4/chart/",
    dev="advisory",
    prod="mandatory",
    settings=Charts,
)
def visible(resource: Resource, check: Check) -> None:
    if resource.type in _SOURCES:
        for source in resource[_SOURCES[resource.type]].items():
            with check.part():
                if _REMOTE.match(source.text().strip()):
                    check.violation("it is fetched from an address when it is installed", source)
        return
    allowed = check.settings(Charts).releases
    if resource.type == _RELEASE and not any(fnmatchcase(resource.name, one) for one in allowed):
        check.violation("no policy sees what a Helm release installs")
    _judge_chart(resource, check)


def _judge_chart(chart: Resource, check: Check) -> None:
    name = chart["chart"]
    if not name.present or _is_local(chart, name):
        return  # a component may not show its inputs; its objects are judged themselves
    with check.part():
        version = chart["version"]
        if chart["devel"].truth(default=False) or not _EXACT.match(version.text()):
            check.violation("the chart's version is not an exact one", version)
    with check.part():
        if not _DIGEST.search(name.text()) and not chart["verify"].truth(default=False):
            check.violation("neither a digest nor a signature says which chart it is", name)


def _is_local(chart: Resource, name: Value) -> bool:
    """Whether it lies in the repository, where it is reviewed as everything else."""
    return name.text().startswith(("./", "../")) and not _repository(chart)


def _repository(chart: Resource) -> bool:
    return any(chart[one].present for one in ("repositoryOpts.repo", "repo", "fetchOpts.repo"))
