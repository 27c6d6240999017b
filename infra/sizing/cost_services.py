"""Lines of services that cost by the month, the piece, or by what goes through them."""

from __future__ import annotations

from infra.sizing.cost_lines import Component, Line, Usage
from infra.sizing.prices import HOURS_PER_MONTH, Prices

_COMPRESSED = 0.15
"""Of what is written to a log, once stored."""
_DAYS_PER_MONTH = 30.4
_HUNDRED_THOUSAND = 100_000
_WEEKS_PER_MONTH = 4.3


def _line(component: Component, what: str, dollars: float, prices: Prices) -> Line:
    return Line(component=component, what=what, month=dollars, most=dollars, estimated=prices.estimated)


def _used(component: Component, what: str, dollars: float, prices: Prices) -> Line:
    return Line(
        component=component,
        what=what,
        month=dollars,
        most=dollars,
        by_use=True,
        estimated=prices.estimated,
    )


def nat_gateway(name: str, prices: Prices, usage: Usage) -> list[Line]:
    """Without its address."""
    return [
        _line("network", name, prices.of("nat-hour") * HOURS_PER_MONTH, prices),
        _used("network", f"{name}: {usage.nat_gb:g} GB", prices.of("nat-gb") * usage.nat_gb, prices),
    ]


def address(name: str, prices: Prices, count: int = 1) -> list[Line]:
    """Public IPv4 addresses."""
    month = prices.of("public-ipv4") * HOURS_PER_MONTH * count
    return [_line("network", f"{name}: {count} public IPv4", month, prices)]


def endpoint(name: str, zones: int, prices: Prices, usage: Usage) -> list[Line]:
    """An interface endpoint."""
    month = prices.of("endpoint-hour") * zones * HOURS_PER_MONTH
    through = prices.of("endpoint-gb") * usage.endpoint_gb
    return [
        _line("network", f"{name}: {zones} zones", month, prices),
        _used("network", f"{name}: {usage.endpoint_gb:g} GB", through, prices),
    ]


def flow_log(name: str, prices: Prices, usage: Usage) -> list[Line]:
    """What is written; keeping it is the log group's."""
    month = prices.of("logs-gb") * usage.flow_log_gb
    return [_used("logs", f"{name}: {usage.flow_log_gb:g} GB", month, prices)]


def cluster(name: str, prices: Prices, usage: Usage) -> list[Line]:
    """The control plane, and what its nodes say to each other across zones."""
    between = prices.of("zone-gb") * usage.zone_gb
    return [
        _line("cluster", f"{name}: control plane", prices.of("eks-cluster") * HOURS_PER_MONTH, prices),
        _used("network", f"{name}: {usage.zone_gb:g} GB between zones", between, prices),
    ]


def load_balancer(name: str, zones: int, prices: Prices, usage: Usage) -> list[Line]:
    """An application load balancer, its address in each zone, and answers to clients."""
    units = prices.of("alb-lcu") * usage.capacity_units * HOURS_PER_MONTH
    answers = prices.of("internet-gb") * usage.internet_gb
    addresses = prices.of("public-ipv4") * zones * HOURS_PER_MONTH
    return [
        _line("edge", f"{name}: load balancer", prices.of("alb-hour") * HOURS_PER_MONTH, prices),
        _line("edge", f"{name}: {zones} public IPv4", addresses, prices),
        _used("edge", f"{name}: {usage.capacity_units:g} capacity units", units, prices),
        _used("edge", f"{name}: {usage.internet_gb:g} GB to clients", answers, prices),
    ]


def firewall(name: str, rules: int, prices: Prices, usage: Usage) -> list[Line]:
    """A web ACL; a group of AWS's managed rules counts as one."""
    month = prices.of("waf-acl") + prices.of("waf-rule") * rules
    asked = prices.of("waf-requests") * usage.million_requests
    return [
        _line("edge", f"{name}: {rules} rules", month, prices),
        _used("edge", f"{name}: {usage.million_requests:g} million requests", asked, prices),
    ]


def zone(name: str, prices: Prices) -> list[Line]:
    """A hosted zone."""
    return [_line("edge", f"{name}: hosted zone", prices.of("zone"), prices)]


def health_check(name: str, prices: Prices) -> list[Line]:
    """Of Route 53."""
    return [_line("alarms", f"{name}: health check", prices.of("health-check"), prices)]


def bucket(name: str, prices: Prices, usage: Usage) -> list[Line]:
    """As if all of it were in the standard class."""
    month = prices.of("s3-standard") * usage.bucket_gb
    return [_used("storage", f"{name}: {usage.bucket_gb:g} GB", month, prices)]


def replication(name: str, prices: Prices, usage: Usage) -> list[Line]:
    """Copies of objects to another region, within a promised time."""
    month = (prices.of("s3-replication") + prices.of("region-gb")) * usage.replicated_gb
    return [_used("storage", f"{name}: {usage.replicated_gb:g} GB copied", month, prices)]


def repository(name: str, prices: Prices, usage: Usage) -> list[Line]:
    """Images."""
    month = prices.of("ecr-gb") * usage.image_gb
    return [_used("images", f"{name}: {usage.image_gb:g} GB", month, prices)]


def log_group(name: str, days: int, prices: Prices, usage: Usage) -> list[Line]:
    """Writing, and keeping for `days`."""
    kept = usage.log_gb * days / _DAYS_PER_MONTH * _COMPRESSED
    month = prices.of("logs-gb") * usage.log_gb + prices.of("logs-stored") * kept
    return [_used("logs", f"{name}: {usage.log_gb:g} GB, kept {days} days", month, prices)]


def key(name: str, prices: Prices, *, rotates: bool) -> list[Line]:
    """Each of its first two rotations costs as much again."""
    month = prices.of("kms-key")
    grown = 3 if rotates else 1
    return [Line(component="keys", what=name, month=month, most=month * grown, estimated=prices.estimated)]


def secret(name: str, replicas: int, prices: Prices) -> list[Line]:
    """And its replicas in other regions."""
    return [_line("secrets", name, prices.of("secret") * (1 + replicas), prices)]


def alarm(name: str, metrics: int, prices: Prices) -> list[Line]:
    """By what it looks at."""
    return [_line("alarms", name, prices.of("alarm") * metrics, prices)]


def composite_alarm(name: str, prices: Prices) -> list[Line]:
    """An alarm over alarms."""
    return [_line("alarms", name, prices.of("alarm-composite"), prices)]


def dashboard(name: str, prices: Prices) -> list[Line]:
    """Of CloudWatch."""
    return [_line("alarms", f"{name}: dashboard", prices.of("dashboard"), prices)]


def topic(name: str, prices: Prices, usage: Usage) -> list[Line]:
    """As if all messages were e-mails, which cost most."""
    month = prices.of("sns-emails") * usage.emails / _HUNDRED_THOUSAND
    return [_used("alarms", f"{name}: {usage.emails:g} e-mails", month, prices)]


def database_copies(name: str, gib: float, prices: Prices, usage: Usage) -> list[Line]:
    """A database's automated backups in another region: all of it once."""
    held = gib * usage.database_filled
    return [_used("backups", f"{name}: {held:.0f} GB", prices.of("rds-backup") * held, prices)]


def vault(name: str, prices: Prices, usage: Usage) -> list[Line]:
    """Recovery points of AWS Backup."""
    month = prices.of("backup-rds") * usage.vault_gb
    return [_used("backups", f"{name}: {usage.vault_gb:g} GB", month, prices)]


def restore_tests(name: str, prices: Prices) -> list[Line]:
    """A restore every week, without the hours that the restored database runs."""
    month = prices.of("restore-test") * _WEEKS_PER_MONTH
    return [_used("backups", f"{name}: a restore a week", month, prices)]
