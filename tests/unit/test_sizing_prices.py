"""The price tables: recent, with sources, and the same as what AWS was seen to charge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from infra.settings.aws_versions import RDS_CA_REGIONS
from infra.sizing import prices, prices_instances, prices_regions
from infra.sizing.gpu_instances import GPU_INSTANCES
from infra.sizing.prices import FIGURES, Prices
from infra.sizing.prices_instances import NoPriceError, cache_hour, database_hour, node_hour
from infra.sizing.prices_regions import RATIOS

TABLES = (prices, prices_instances, prices_regions)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_a_table_is_not_too_old(table: ModuleType) -> None:
    age = datetime.now(tz=UTC).date() - table.CAPTURED_AT
    assert age <= table.TEST_AGE, f"compare {table.__name__} with AWS's price list, then date it anew"
    assert age >= timedelta(days=-1), "nobody has read a price list of the future"


def test_every_figure_says_where_it_is_from() -> None:
    for name, figure in FIGURES.items():
        assert figure.source, name
        assert figure.per, name
        assert len(figure.dollars) in (1, 3), name
        assert all(dollars > 0 for dollars in figure.dollars), name


def test_every_figure_is_used_somewhere() -> None:
    sizing = Path(prices.__file__).parent
    code = "".join(file.read_text() for file in sizing.glob("cost_*.py"))
    assert [name for name in FIGURES if f'"{name}"' not in code] == []


def test_every_region_of_the_settings_has_prices() -> None:
    assert set(RATIOS) == RDS_CA_REGIONS
    for region in RATIOS:
        assert Prices(region).of("nat-hour") > 0
        assert node_hour("t4g.large", region) > 0


@pytest.mark.parametrize(
    ("type_", "region", "dollars"),
    [
        # AWS's price list, by the captures that the modules name.
        ("m7g.large", "us-east-1", 0.0816),
        ("m7g.large", "eu-central-1", 0.0978),
        ("m7g.2xlarge", "eu-west-1", 0.3638),
        ("m7i.large", "eu-central-1", 0.12075),
        ("r8g.large", "eu-west-1", 0.13184),
        ("c7g.xlarge", "eu-central-1", 0.1649),
        ("t4g.medium", "eu-central-1", 0.0384),
        ("g6.xlarge", "eu-central-1", 1.0064),
        ("g6e.xlarge", "us-east-1", 1.861),
        ("g6e.2xlarge", "eu-central-1", 2.8035),
        ("g4dn.xlarge", "us-east-1", 0.526),
        ("db.r7g.large", "eu-central-1", 0.291),
        ("db.r7g.2xlarge", "eu-central-1", 1.165),
        ("db.t4g.medium", "us-east-1", 0.065),
        ("db.t4g.medium", "eu-central-1", 0.074),
        ("cache.t4g.small", "eu-central-1", 0.0288),
        ("cache.m7g.large", "eu-west-1", 0.1392),
    ],
)
def test_an_hour_costs_what_the_price_list_says(type_: str, region: str, dollars: float) -> None:
    if type_.startswith("db."):
        found = database_hour(type_, region)
    elif type_.startswith("cache."):
        found = cache_hour(type_, "valkey", region)
    else:
        found = node_hour(type_, region)
    assert found == pytest.approx(dollars, rel=0.011)


def test_gpu_instances_have_one_price_in_the_repository() -> None:
    for name, instance in GPU_INSTANCES.items():
        assert node_hour(name, "us-east-1") == instance.dollars_per_hour


def test_another_region_is_called_an_estimate() -> None:
    assert [Prices(region).estimated for region in ("eu-central-1", "eu-north-1")] == [False, True]
    stockholm = Prices("eu-north-1").of("nat-hour") / Prices("us-east-1").of("nat-hour")
    assert 1 < stockholm < 1.1, "dearer by as much as its machines"


@pytest.mark.parametrize(
    ("type_", "region", "says"),
    [
        ("x2gd.large", "us-east-1", "no price of the family x2gd"),
        ("m7g.metal", "us-east-1", "no price of the size metal"),
        ("m7g.large", "mars-north-1", "no prices of the region mars-north-1"),
        ("r7g.large", "eu-west-3", "was not sold in eu-west-3"),
        ("large", "us-east-1", "does not read like a type"),
    ],
)
def test_what_the_tables_lack_is_said_and_not_guessed(type_: str, region: str, says: str) -> None:
    with pytest.raises(NoPriceError, match=says):
        node_hour(type_, region)
