"""What Diff calls a change, and what a refresh calls drift: on types of the test's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from local.plugins.aws import catalogue, observed
from local.plugins.aws.diff import Comparison
from local.plugins.aws.resource import Autoname, Aws, Properties, Resource
from local.plugins.aws.schema import Schema, schema
from local.plugins.base.paths import render
from local.plugins.base.values import UNKNOWN

REGION = "eu-central-1"
POLICY = '{"Version":"2012-10-17","Statement":[{"Action":["a:B","a:A"],"Effect":"Allow","Resource":"*"}]}'
SAME_POLICY = """
{"Statement": {"Effect": "Allow", "Action": ["a:A", "a:B"], "Resource": ["*"]}, "Version": "2012-10-17"}
"""
OTHER_POLICY = POLICY.replace("a:B", "a:C")


class Cluster(Resource):
    """EKS's schema with traits of the test's."""

    token: ClassVar[str] = "aws:eks/cluster:Cluster"
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "vpcConfig.subnetIds"})
    defaults: ClassVar[Mapping[str, Any]] = {"bootstrapSelfManagedAddons": True}
    unordered: ClassVar[frozenset[str]] = frozenset({"vpcConfig.subnetIds", "enabledClusterLogTypes"})
    json: ClassVar[frozenset[str]] = frozenset({"roleArn"})
    unreadable: ClassVar[frozenset[str]] = frozenset({"version"})
    autoname: ClassVar[Autoname | None] = Autoname(limit=100)

    def create(self, aws: Aws, inputs: Properties) -> str:
        raise NotImplementedError

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        raise NotImplementedError

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        raise NotImplementedError


KIND = Cluster()


@pytest.fixture(scope="module")
def cluster() -> Schema:
    return schema(KIND.token)


@pytest.fixture
def comparison(cluster: Schema) -> Comparison:
    return Comparison(KIND, cluster, REGION)


def changes(comparison: Comparison, old: Properties, new: Properties, *ignored: str) -> dict[str, str]:
    """Kind of each change by path; `!` where it needs a new resource."""
    found = comparison.changes(old, new, ignored)
    return {render(change.path): change.what + "!" * change.needs_new for change in found}


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        pytest.param({"version": "1.35"}, {"version": "1.35"}, {}, id="same"),
        pytest.param({"version": "1.35"}, {"version": "1.36"}, {"version": "update"}, id="in place"),
        pytest.param({"name": "a"}, {"name": "b"}, {"name": "update!"}, id="replacing"),
        pytest.param({}, {"version": "1"}, {"version": "add"}, id="added"),
        pytest.param({"forceUpdateVersion": True}, {}, {"forceUpdateVersion": "delete"}, id="taken away"),
        pytest.param({"version": "1.35"}, {}, {}, id="left to aws, which has chosen it"),
        pytest.param({}, {"bootstrapSelfManagedAddons": True}, {}, id="the default, spelled out"),
        pytest.param(
            {"bootstrapSelfManagedAddons": True},
            {"bootstrapSelfManagedAddons": False},
            {"bootstrapSelfManagedAddons": "update"},
            id="another than the default",
        ),
        pytest.param({}, {"bootstrapSelfManagedAddons": None}, {}, id="null is left out"),
        pytest.param({}, {"forceUpdateVersion": False}, {}, id="false is left out"),
        pytest.param(
            {"deletionProtection": True}, {"deletionProtection": False}, {"deletionProtection": "update"}
        ),
        pytest.param(
            {}, {"deletionProtection": False}, {"deletionProtection": "add"}, id="aws might have chosen"
        ),
        pytest.param({}, {"enabledClusterLogTypes": []}, {}, id="an empty list is none"),
        pytest.param({}, {"region": REGION}, {}, id="the provider's region, spelled out"),
        pytest.param({}, {"region": "eu-west-1"}, {"region": "update!"}, id="another region"),
        pytest.param({"roleArn": POLICY}, {"roleArn": SAME_POLICY}, {}, id="the same policy"),
        pytest.param(
            {"roleArn": POLICY}, {"roleArn": OTHER_POLICY}, {"roleArn": "update"}, id="another policy"
        ),
        pytest.param(
            {"enabledClusterLogTypes": ["api", "audit"]},
            {"enabledClusterLogTypes": ["audit", "api"]},
            {},
            id="a set in another order",
        ),
        pytest.param(
            {"enabledClusterLogTypes": ["api"]},
            {"enabledClusterLogTypes": ["api", "audit"]},
            {"enabledClusterLogTypes": "update"},
            id="a larger set",
        ),
        pytest.param(
            {"defaultAddonsToRemoves": ["a", "b"]},
            {"defaultAddonsToRemoves": ["b", "a"]},
            {"defaultAddonsToRemoves[0]": "update", "defaultAddonsToRemoves[1]": "update"},
            id="a list in another order",
        ),
        pytest.param(
            {"vpcConfig": {"subnetIds": ["a"], "endpointPublicAccess": True}},
            {"vpcConfig": {"subnetIds": ["a"], "endpointPublicAccess": False}},
            {"vpcConfig.endpointPublicAccess": "update"},
            id="nested, in place",
        ),
        pytest.param(
            {"vpcConfig": {"subnetIds": ["a"]}},
            {"vpcConfig": {"subnetIds": ["b"]}},
            {"vpcConfig.subnetIds": "update!"},
            id="nested, replacing",
        ),
        pytest.param(
            {}, {"vpcConfig": {"subnetIds": ["b"]}}, {"vpcConfig": "add!"}, id="around what replaces"
        ),
        pytest.param(
            {}, {"vpcConfig": {"endpointPublicAccess": True}}, {"vpcConfig": "add"}, id="beside what replaces"
        ),
        pytest.param({"name": "a"}, {"name": UNKNOWN}, {"name": "update!"}, id="unknown, replacing"),
        pytest.param({"version": "a"}, {"version": UNKNOWN}, {"version": "update"}, id="unknown, in place"),
        pytest.param({}, {"vpcConfig": UNKNOWN}, {"vpcConfig": "add!"}, id="unknown around what replaces"),
        pytest.param(
            {"vpcConfig": {"subnetIds": ["a"]}},
            {"vpcConfig": {"subnetIds": ["a", UNKNOWN]}},
            {"vpcConfig.subnetIds": "update!"},
            id="unknown in a set",
        ),
        pytest.param(
            {"tags": {"a": "1", "b": "2"}, "tagsAll": {"a": "1", "b": "2", "owner": "x"}},
            {"tags": {"a": "1"}, "tagsAll": {"a": "1", "owner": "y"}},
            {"tags.b": "delete", "tagsAll.b": "delete", "tagsAll.owner": "update"},
            id="own and default tags",
        ),
        pytest.param({"__defaults": ["name"]}, {"__defaults": []}, {}, id="the note about names"),
    ],
)
def test_a_change_is_what_means_something_else(
    comparison: Comparison, old: Properties, new: Properties, wanted: dict[str, str]
) -> None:
    assert changes(comparison, old, new) == wanted


def test_ignored_properties_do_not_change(comparison: Comparison) -> None:
    old = {"version": "1", "vpcConfig": {"endpointPublicAccess": True}, "name": "a"}
    new = {"version": "2", "vpcConfig": {"endpointPublicAccess": False}, "name": "b"}
    assert changes(comparison, old, new, "version", "vpcConfig.endpointPublicAccess") == {"name": "update!"}
    assert changes(comparison, old, new, "vpcConfig", "name") == {"version": "update"}


def test_a_fixed_name_has_to_be_free_before_the_replacement_takes_it(comparison: Comparison) -> None:
    old, drawn = {"vpcConfig": {"subnetIds": ["a"]}}, {"name": "it-1234567", "__defaults": ["name"]}
    new = {"vpcConfig": {"subnetIds": ["b"]}}
    fixed = {"name": "it", "__defaults": []}
    assert comparison.delete_first(comparison.changes(old, new), {**old, **drawn}, {**new, **drawn}) is False
    assert comparison.delete_first(comparison.changes(old, new), {**old, **fixed}, {**new, **fixed}) is True
    assert comparison.delete_first([], fixed, fixed) is False, "what is not replaced is not deleted"


@pytest.mark.parametrize(
    ("known", "seen", "wanted"),
    [
        pytest.param({"roleArn": POLICY}, {"roleArn": SAME_POLICY}, {"roleArn": POLICY}, id="policy"),
        pytest.param({"roleArn": POLICY}, {"roleArn": OTHER_POLICY}, {"roleArn": OTHER_POLICY}, id="drift"),
        pytest.param({"name": "a"}, {}, {"name": "a"}, id="not observed"),
        pytest.param({"deletionProtection": True}, {"deletionProtection": None}, {}, id="seen to be absent"),
        pytest.param({"version": "1"}, {"version": "2"}, {"version": "1"}, id="unreadable"),
        pytest.param({}, {"deletionProtection": True, "arn": "x"}, {}, id="not the program's"),
        pytest.param(
            {},
            {"bootstrapSelfManagedAddons": False},
            {"bootstrapSelfManagedAddons": False},
            id="left default",
        ),
        pytest.param({}, {"bootstrapSelfManagedAddons": True}, {}, id="default"),
        pytest.param(
            {"vpcConfig": {"subnetIds": ["b", "a"]}},
            {"vpcConfig": {"subnetIds": ["a", "b"], "vpcId": "vpc-1"}},
            {"vpcConfig": {"subnetIds": ["b", "a"]}},
            id="projected to what the program said",
        ),
        pytest.param(
            {"vpcConfig": {"subnetIds": ["b", "a"]}},
            {"vpcConfig": {"subnetIds": ["a", "c"]}},
            {"vpcConfig": {"subnetIds": ["a", "c"]}},
            id="another set",
        ),
        pytest.param({"name": "5"}, {"name": 5}, {"name": "5"}, id="number as text"),
        pytest.param({"name": "true"}, {"name": True}, {"name": "true"}, id="boolean as text"),
        pytest.param(
            {"deletionProtection": True}, {"deletionProtection": "true"}, {"deletionProtection": True}
        ),
        pytest.param(
            {"tags": {"a": "1"}},
            {"tags": {"a": "1", "b": "2"}},
            {"tags": {"a": "1", "b": "2"}},
            id="a new tag",
        ),
    ],
)
def test_a_refresh_sees_drift_only_in_what_means_something_else(
    cluster: Schema, known: Properties, seen: Properties, wanted: Properties
) -> None:
    assert observed.inputs(KIND, cluster, known, seen, REGION) == wanted


def test_an_import_takes_what_was_seen_without_defaults_and_without_what_is_no_input(cluster: Schema) -> None:
    seen = {
        "name": "main",
        "arn": "arn:…",
        "bootstrapSelfManagedAddons": True,
        "deletionProtection": True,
        "enabledClusterLogTypes": [],
        "region": REGION,
        "vpcConfig": {"subnetIds": ["a"], "status": "fine"},
        "tags": {"own": "1"},
        "tagsAll": {"own": "1", "owner": "x"},
    }
    assert observed.imported(KIND, cluster, seen, REGION) == {
        "name": "main",
        "deletionProtection": True,
        "vpcConfig": {"subnetIds": ["a"]},
        "tags": {"own": "1"},
        "tagsAll": {"own": "1", "owner": "x"},
        "__defaults": [],
    }


def test_outputs_keep_their_words_while_they_mean_the_same(cluster: Schema) -> None:
    known = {"enabledClusterLogTypes": ["b", "a"], "status": "CREATING", "roleArn": POLICY}
    seen = {"enabledClusterLogTypes": ["a", "b"], "status": "ACTIVE", "roleArn": SAME_POLICY, "arn": "x"}
    assert observed.outputs(KIND, known, seen) == {**known, "status": "ACTIVE", "arn": "x"}


@pytest.mark.parametrize("token", sorted(catalogue.resources()))
def test_every_type_names_only_properties_that_the_sdk_has(token: str) -> None:
    kind, known = catalogue.resource(token), schema(token)
    names = {name.split(".")[0] for name in (*kind.replaces, *kind.json, *kind.unordered, *kind.defaults)}
    assert names | kind.unreadable <= known.inputs.keys()
    assert kind.renewed | kind.secret <= known.outputs
    assert kind.autoname is None or kind.autoname.property in known.inputs
