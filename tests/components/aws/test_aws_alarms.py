"""Alarms as the stack registers them: each about the right thing, and heard by the right people."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from app.llm.check import METRIC
from app.store.command import METRIC as STORE_METRIC
from infra.aws.alarm_document import EVERYTHING
from infra.aws.alarm_spec import COMPARISONS, AlarmSpec
from infra.aws.alarm_table import alarm_table
from tests.components.aws.conftest import Variant
from tests.support.monitor import UNKNOWN, Recording, Registration
from tests.support.workloads import pod_may_reach, workload

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
TOPIC = "aws:sns/topic:Topic"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
SLACK = "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration"
ALL: dict[str, Any] = {
    "alarms": {
        "slackWorkspace": "T0123456789",
        "critical": {
            "emails": ["oncall@example.com"],
            "slackChannel": "C0123456789",
            "pagerDutyUrl": "https://events.example.com/integration/0/enqueue",
        },
        "warning": {"emails": ["team@example.com"], "slackChannel": "C0123456789"},
    },
    "database": {"readReplica": True, "instanceClass": "db.t4g.2xlarge"},
    "cluster": {"observability": True},
}
ACCOUNT, REGION, STACK = "111122223333", "eu-central-1", "roost-prod"


@pytest.fixture(scope="module")
def everything(variant: Variant) -> Recording:
    return variant("prod", {"aws": ALL})


@pytest.fixture(params=["dev", "prod"])
def stack(request: pytest.FixtureRequest) -> Recording:
    return request.getfixturevalue(request.param)


def specs() -> dict[str, AlarmSpec]:
    """What the table says for prod with everything."""
    facts = replace(EVERYTHING, nat_zones=("a", "b", "c"))
    return {spec.id: spec for spec in alarm_table(facts)}


def topic(severity: str) -> str:
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:{STACK}-{severity}"


def alarm(recording: Recording, name: str) -> dict[str, Any]:
    return recording.one(ALARM, f"alarms-{name}").inputs


def output(recording: Recording, component: str) -> dict[str, Any]:
    return next(found for urn, found in recording.outputs.items() if urn.endswith(component))


def test_the_stack_has_the_alarms_of_the_table_and_no_others(everything: Recording) -> None:
    assert {one.name.removeprefix("alarms-") for one in everything.of_type(ALARM)} == set(specs())


@pytest.mark.parametrize("name", specs())
def test_an_alarm_is_what_its_specification_says(name: str, everything: Recording) -> None:
    spec, inputs = specs()[name], alarm(everything, name)
    assert inputs["name"] == f"{STACK}-{name}"
    assert inputs["comparisonOperator"] == COMPARISONS[spec.comparison]
    assert inputs["threshold"] == spec.threshold
    assert inputs["evaluationPeriods"] == spec.periods
    assert inputs["datapointsToAlarm"] == spec.datapoints
    assert inputs["treatMissingData"] == spec.missing
    assert inputs["alarmActions"] == inputs["okActions"] == [topic(spec.severity)]
    assert inputs["alarmDescription"].endswith(f"docs/runbooks/{spec.runbook}.md")
    if spec.insight or spec.expression:
        queries = {one["id"]: one for one in inputs["metricQueries"]}
        assert [one["id"] for one in queries.values() if one.get("returnData")] == ["compared"]
        assert queries.keys() == {"compared", *spec.metrics}
        for metric_id, metric in spec.metrics.items():
            asked = queries[metric_id]["metric"]
            assert (asked["namespace"], asked["metricName"]) == (metric.namespace, metric.name)
            assert (asked["stat"], asked["period"]) == (metric.statistic, spec.period)
    else:
        (metric,) = spec.metrics.values()
        assert (inputs["namespace"], inputs["metricName"]) == (metric.namespace, metric.name)
        assert inputs.get("statistic", inputs.get("extendedStatistic")) == metric.statistic
        assert inputs["period"] == spec.period


def test_alarms_are_about_this_stacks_own_parts(everything: Recording) -> None:
    database = output(everything, "roost:aws:Database::database")
    by_metric: dict[str, Any] = {
        "rds-storage-warning": {"DBInstanceIdentifier": database["identifier"]},
        "alb-5xx": {"LoadBalancer": re.compile(r"app/edge/\w{16}")},
        "alb-no-healthy-host": {
            "LoadBalancer": re.compile(r"app/edge/\w{16}"),
            "TargetGroup": re.compile(r"targetgroup/edge-\w+/\w{16}"),
        },
        "eks-silent": {"ClusterName": STACK},
        "node-failed": {"ClusterName": STACK},
        "certificate": {"CertificateArn": re.compile(r"arn:aws:acm:.*:certificate/.*")},
        "s3-replication": {
            "SourceBucket": re.compile("roost-prod-backup-.*"),
            "DestinationBucket": re.compile("roost-prod-backup-copy-.*"),
            "RuleId": "everything",
        },
        "backup-failed-backups": {"BackupVaultName": re.compile("backup-vault-.*")},
        "heartbeat": None,
    }
    for name, expected in by_metric.items():
        found = alarm(everything, name).get("dimensions")
        if expected is None:
            assert found is None, "the namespace is the stack's own"
            continue
        assert found is not None
        assert found.keys() == expected.keys(), name
        for key, value in expected.items():
            assert found[key] == value or (isinstance(value, re.Pattern) and value.fullmatch(found[key])), (
                name
            )
    replica = alarm(everything, "rds-replica-lag")["dimensions"]["DBInstanceIdentifier"]
    assert replica.startswith("roost-prod-replica-")
    assert replica != database["identifier"]
    gateways = {alarm(everything, f"nat-ports-{zone}")["dimensions"]["NatGatewayId"] for zone in "abc"}
    assert len(gateways) == 3
    (insight,) = alarm(everything, "rds-idle-transaction")["metricQueries"]
    assert insight["expression"] == (
        f"DB_PERF_INSIGHTS('RDS', '{database['resourceId']}', 'db.state.idle_in_transaction_max_time.avg')"
    )


def test_the_cluster_is_dead_when_the_heartbeat_and_one_more_say_so(everything: Recording) -> None:
    dead = everything.one(COMPOSITE)
    assert dead.inputs["alarmRule"] == (
        "ALARM(roost-prod-heartbeat) AND "
        "(ALARM(roost-prod-eks-silent) OR ALARM(roost-prod-alb-no-healthy-host))"
    )
    assert dead.inputs["alarmActions"] == [topic("critical")]
    needed = {
        everything.one(ALARM, f"alarms-{name}").urn
        for name in ("heartbeat", "eks-silent", "alb-no-healthy-host")
    }
    assert needed <= set(dead.dependencies), "AWS refuses a rule about alarms that are not there"


# Who hears


def test_everybody_named_hears_of_their_severity_and_of_no_other(everything: Recording) -> None:
    heard = {(one.inputs["topic"], one.inputs["protocol"]) for one in everything.of_type(SUBSCRIPTION)}
    assert heard == {
        (topic("critical"), "email"),
        (topic("warning"), "email"),
        (topic("critical"), "https"),
    }


def test_a_subscription_is_named_by_a_hash_of_its_address(dev: Recording, prod: Recording) -> None:
    for recording in (dev, prod):
        emails = [one for one in recording.of_type(SUBSCRIPTION) if one.inputs["protocol"] == "email"]
        assert emails
        for one in emails:
            tail = hashlib.sha256(one.inputs["endpoint"].encode()).hexdigest()[:8]
            severity = one.inputs["topic"].rpartition("-")[2]
            assert one.name == f"alarm-topics-{severity}-email-{tail}"


def test_pager_duty_confirms_by_itself_and_its_url_is_a_secret(everything: Recording) -> None:
    page = everything.one(SUBSCRIPTION, "alarm-topics-critical-pager-duty")
    assert page.inputs["endpointAutoConfirms"] is True
    assert "endpoint" in page.secrets


def test_a_channel_is_configured_once_with_all_that_it_hears(everything: Recording, prod: Recording) -> None:
    both = everything.one(SLACK).inputs
    assert both["snsTopicArns"] == [topic("critical"), topic("warning")]
    assert both["guardrailPolicyArns"] == ["arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"]
    apart = {one.inputs["slackChannelId"]: one.inputs["snsTopicArns"] for one in prod.of_type(SLACK)}
    assert apart == {"C0123456789": [topic("critical")], "C9876543210": [topic("warning")]}


def test_only_services_publish_and_only_for_this_account_where_they_say_so(everything: Recording) -> None:
    key = everything.one("aws:kms/key:Key", "alarm-topics")
    documents = [(key.inputs["policy"], {"kms:Decrypt", "kms:GenerateDataKey*"})]
    for one in everything.of_type(TOPIC):
        assert one.property_dependencies["kmsMasterKeyId"] == {key.urn}
        documents.append((one.inputs["policy"], {"SNS:Publish"}))
    for document, actions in documents:
        statements = {one["Sid"]: one for one in json.loads(document)["Statement"]}
        services = statements["Services"]
        assert set(services["Action"]) == actions
        assert services["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
        assert set(services["Principal"]["Service"]) == {
            "cloudwatch.amazonaws.com",
            "events.rds.amazonaws.com",
            "backup.amazonaws.com",
            "budgets.amazonaws.com",
            "costalerts.amazonaws.com",
        }
        # EventBridge sends no account along: a condition would drop its messages.
        assert statements["Events"]["Principal"] == {"Service": "events.amazonaws.com"}
        assert "Condition" not in statements["Events"]
        assert statements["Account"]["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


# What AWS says by itself


def test_rds_tells_of_failures_at_once_and_of_changes_in_the_morning(everything: Recording) -> None:
    found = {
        one.name.removeprefix("alarm-events-"): one.inputs
        for one in everything.of_type("aws:rds/eventSubscription:EventSubscription")
    }
    assert set(found["db-instance-critical"]["eventCategories"]) == {"failover", "failure", "low storage"}
    assert found["db-instance-critical"]["snsTopic"] == topic("critical")
    assert {"maintenance", "configuration change", "failure"} <= set(found["db-instance"]["eventCategories"])
    assert found["db-instance"]["snsTopic"] == topic("warning")
    assert all("sourceIds" not in one for one in found.values()), "also databases to come"


def test_events_go_out_as_aws_words_them(everything: Recording) -> None:
    rules = {one.name: one.inputs for one in everything.of_type("aws:cloudwatch/eventRule:EventRule")}
    targets = {one.name: one.inputs for one in everything.of_type("aws:cloudwatch/eventTarget:EventTarget")}
    ours = {name for name in rules if name.startswith("alarm-events-")}
    assert ours == {"alarm-events-aws-health", "alarm-events-findings"}
    assert json.loads(rules["alarm-events-aws-health"]["eventPattern"])["source"] == ["aws.health"]
    assert targets["alarm-events-aws-health"]["arn"] == topic("warning")
    assert targets["alarm-events-findings"]["arn"] == topic("critical")
    assert all("inputTransformer" not in targets[name] for name in ours)


# The heartbeat


def test_the_heartbeat_may_write_to_one_namespace_and_look_at_one_database(everything: Recording) -> None:
    grants = {
        one.name: json.loads(one.inputs["policy"])["Statement"]
        for one in everything.of_type("aws:iam/rolePolicy:RolePolicy")
        if one.name.startswith("heartbeat-metrics-")
    }
    (write,) = grants["heartbeat-metrics-pod-metrics"]
    assert write["Action"] == ["cloudwatch:PutMetricData"]
    assert write["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Roost/roost-prod"}}
    (look,) = grants["heartbeat-metrics-pod-database"]
    assert look["Action"] == ["rds:DescribeDBInstances"]
    assert look["Resource"] == [output(everything, "roost:aws:Database::database")["arn"]]


def cron(recording: Recording) -> Registration:
    return recording.one("kubernetes:batch/v1:CronJob", "heartbeat")


def test_the_heartbeat_beats_within_every_period_of_its_alarm(everything: Recording) -> None:
    spec = cron(everything).inputs["spec"]
    minutes = int(re.fullmatch(r"\*/(\d+) \* \* \* \*", spec["schedule"])[1])  # pyright: ignore[reportOptionalSubscript]
    alarm_period = specs()["heartbeat"].period
    assert 2 * 60 * minutes <= alarm_period
    deadline = spec["jobTemplate"]["spec"]["activeDeadlineSeconds"]
    assert deadline < 60 * minutes, "or one that hangs blocks the next"


def test_the_heartbeat_publishes_where_its_alarms_look(everything: Recording) -> None:
    pod = cron(everything).inputs["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    variables = {one["name"]: one["value"] for one in container["env"]}
    assert container["args"] == ["heartbeat"]
    assert variables["ROOST_METRICS_NAMESPACE"] == alarm(everything, "heartbeat")["namespace"]
    assert variables["AWS_REGION"] == REGION
    assert variables["ROOST_RDS_INSTANCE"] == output(everything, "roost:aws:Database::database")["identifier"]
    assert variables["LETTA_PG_USER"] == "roost_readonly"
    assert pod["serviceAccountName"] == "heartbeat"


def test_the_models_canary_says_what_it_heard_and_only_in_the_stacks_namespace(prod: Recording) -> None:
    canary = prod.one("kubernetes:batch/v1:CronJob", "model-canary").inputs["spec"]
    (container,) = canary["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    variables = {one["name"]: one["value"] for one in container["env"]}
    found = alarm(prod, "model-canary")
    assert variables["ROOST_METRICS_NAMESPACE"] == found["namespace"] == "Roost/roost-prod"
    assert (found["metricName"], found["treatMissingData"]) == (METRIC, "breaching")
    association = prod.one("aws:eks/podIdentityAssociation:PodIdentityAssociation", "model-canary-metrics")
    assert association.inputs["serviceAccount"] == "model-canary"


def test_models_that_sleep_at_night_are_not_missed(dev: Recording) -> None:
    assert alarm(dev, "model-canary")["treatMissingData"] == "notBreaching"


def test_the_stores_backup_says_where_its_alarm_looks_that_it_is_there(stack: Recording) -> None:
    backup = stack.one("kubernetes:batch/v1:CronJob", "store-backup")
    (container,) = backup.inputs["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    variables = {one["name"]: one["value"] for one in container["env"]}
    found = alarm(stack, "store-backup")
    assert variables["ROOST_METRICS_NAMESPACE"] == found["namespace"]
    assert variables["AWS_REGION"] == REGION
    assert (found["metricName"], found["treatMissingData"]) == (STORE_METRIC, "breaching")
    (grant,) = (
        json.loads(one.inputs["policy"])["Statement"]
        for one in stack.of_type("aws:iam/rolePolicy:RolePolicy")
        if one.name.startswith("store-backup-metrics-")
    )
    assert [one["Action"] for one in grant] == [["cloudwatch:PutMetricData"]]
    association = stack.one("aws:eks/podIdentityAssociation:PodIdentityAssociation", "store-backup-metrics")
    pods = workload(stack, "store-backup")
    assert association.inputs["serviceAccount"] == pods.pod["serviceAccountName"] == "store-backup"
    assert stack.waits_for(backup, association)
    assert pod_may_reach(stack, pods, "198.51.100.7", 443)
    assert pod_may_reach(stack, pods, "169.254.170.23", 80)


def test_its_alarm_waits_as_long_as_a_backup_may_take(variant: Variant) -> None:
    slow = alarm(variant("dev", {"clickhouse": {"backup": {"deadlineMinutes": 181}}}), "store-backup")
    assert (slow["period"], slow["evaluationPeriods"], slow["datapointsToAlarm"]) == (3600, 28, 28)


# Which stacks have what


def test_without_a_store_of_its_own_nobody_waits_for_its_backup(variant: Variant) -> None:
    without = variant("dev", {"clickhouse": {"kind": "off"}})
    assert not [one for one in without.registrations if "store-backup" in one.name]


def test_a_preview_shows_every_alarm_before_anything_exists(prod: Recording, prod_preview: Recording) -> None:
    names = [{one.name for one in recording.of_type(ALARM)} for recording in (prod, prod_preview)]
    assert names[0] == names[1]
    found = alarm(prod_preview, "alb-5xx")["dimensions"]
    assert found == UNKNOWN or found == {"LoadBalancer": UNKNOWN}


def test_without_the_section_nobody_is_told_and_nothing_is_made(variant: Variant) -> None:
    silent = variant("dev", {"aws": {"alarms": None}})
    assert silent.of_type(ALARM) == silent.of_type(TOPIC) == []
    crons = {one.name: one for one in silent.of_type("kubernetes:batch/v1:CronJob")}
    assert "heartbeat" not in crons
    (container,) = crons["store-backup"].inputs["spec"]["jobTemplate"]["spec"]["template"]["spec"][
        "containers"
    ]
    assert "ROOST_METRICS_NAMESPACE" not in {one["name"] for one in container["env"]}
    assert not pod_may_reach(silent, workload(silent, "store-backup"), "198.51.100.7", 443)


def test_warnings_go_to_whoever_hears_of_critical_ones_unless_said_otherwise(dev: Recording) -> None:
    assert {one.inputs["topic"].rpartition("-")[2] for one in dev.of_type(SUBSCRIPTION)} == {
        "critical",
        "warning",
    }


def test_a_link_instead_of_a_path_where_the_settings_give_one(variant: Variant) -> None:
    url = "https://git.example.com/roost/docs/runbooks/"
    linked = variant("dev", {"aws": {"alarms": {"runbooks": url}}})
    assert alarm(linked, "rds-silent")["alarmDescription"].endswith(f"Runbook: {url}rds-silent.md")
