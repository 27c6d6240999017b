"""Alarms that work when the cluster is dead: CloudWatch's, on what AWS itself measures."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_aws import cloudwatch

from infra.aws.alarm_spec import COMPARISONS, AlarmSpec, Metric, Severity
from infra.aws.alarm_subjects import Dimensions
from infra.aws.alarm_table import CLUSTER_DEAD, CLUSTER_DEAD_RULE, CLUSTER_DEAD_SAYS
from infra.aws.place import Place
from infra.options import Options


class Alarms(pulumi.ComponentResource):
    """One alarm for each specification, and one on some of them that says what they mean together.

    An alarm tells the topic of its severity when it begins and when it is over.
    """

    def __init__(
        self,
        name: str,
        specs: list[AlarmSpec],
        *,
        subjects: Mapping[str, Dimensions],
        topics: Mapping[Severity, pulumi.Output[str]],
        runbooks: str,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Alarms", name, None, opts)
        self._name = name
        self._subjects = subjects
        self._topics = topics
        self._runbooks = runbooks
        self._place = place
        self._options = options
        made = {spec.id: self._alarm(spec) for spec in specs}
        self._cluster_dead(made)
        self.register_outputs({})

    def _alarm(self, spec: AlarmSpec) -> cloudwatch.MetricAlarm:
        topic = [self._topics[spec.severity]]
        plain = self._plain(spec)
        return cloudwatch.MetricAlarm(
            f"{self._name}-{spec.id}",
            name=self._physical(spec.id),
            alarm_description=self._description(spec.says, spec.runbook),
            comparison_operator=COMPARISONS[spec.comparison],
            threshold=spec.threshold,
            evaluation_periods=spec.periods,
            datapoints_to_alarm=spec.datapoints,
            treat_missing_data=spec.missing,
            alarm_actions=topic,
            ok_actions=topic,
            metric_queries=self._queries(spec) if plain is None else None,
            namespace=plain.namespace if plain else None,
            metric_name=plain.name if plain else None,
            dimensions=self._dimensions(plain) or None if plain else None,
            statistic=plain.statistic if plain and not _percentile(plain) else None,
            extended_statistic=plain.statistic if plain and _percentile(plain) else None,
            period=spec.period if plain else None,
            tags={"Name": self._physical(spec.id)},
            opts=self._options.child(self),
        )

    def _cluster_dead(self, made: Mapping[str, cloudwatch.MetricAlarm]) -> None:
        certain, others = CLUSTER_DEAD_RULE
        either = " OR ".join(f"ALARM({self._physical(one)})" for one in others)
        topic = [self._topics["critical"]]
        cloudwatch.CompositeAlarm(
            f"{self._name}-{CLUSTER_DEAD}",
            alarm_name=self._physical(CLUSTER_DEAD),
            alarm_description=self._description(CLUSTER_DEAD_SAYS, CLUSTER_DEAD),
            alarm_rule=f"ALARM({self._physical(certain)}) AND ({either})",
            alarm_actions=topic,
            ok_actions=topic,
            tags={"Name": self._physical(CLUSTER_DEAD)},
            # AWS takes no rule about alarms that are not there, and lets none of them go before it.
            opts=self._options.child(self, depends_on=[made[one] for one in (certain, *others)]),
        )

    def _physical(self, alarm: str) -> str:
        return f"{self._place.prefix}-{alarm}"

    def _description(self, says: str, runbook: str) -> str:
        return f"{says} Runbook: {self._runbooks}{runbook}.md"

    @staticmethod
    def _plain(spec: AlarmSpec) -> Metric | None:
        """The metric that is compared as it is."""
        if spec.insight or spec.expression:
            return None
        (metric,) = spec.metrics.values()
        return metric

    def _dimensions(self, metric: Metric) -> dict[str, pulumi.Input[str]]:
        return dict(self._subjects[metric.of])

    def _queries(self, spec: AlarmSpec) -> list[cloudwatch.MetricAlarmMetricQueryArgs]:
        expression: pulumi.Input[str] | None = spec.expression
        if spec.insight:
            database = self._subjects["database-insights"]["DbiResourceId"]
            expression = pulumi.Output.concat("DB_PERF_INSIGHTS('RDS', '", database, f"', '{spec.insight}')")
        compared = cloudwatch.MetricAlarmMetricQueryArgs(
            id="compared",
            expression=expression,
            label=spec.id,
            period=spec.period if spec.insight else None,
            return_data=True,
        )
        return [compared, *(self._query(name, one, spec.period) for name, one in spec.metrics.items())]

    def _query(self, name: str, metric: Metric, period: int) -> cloudwatch.MetricAlarmMetricQueryArgs:
        return cloudwatch.MetricAlarmMetricQueryArgs(
            id=name,
            metric=cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace=metric.namespace,
                metric_name=metric.name,
                dimensions=self._dimensions(metric),
                stat=metric.statistic,
                period=period,
            ),
        )


def _percentile(metric: Metric) -> bool:
    return metric.statistic.startswith("p")
