"""How much dearer a region is than us-east-1, for what is sold by size of machine.

Ratios of AWS's own on-demand prices (Linux; PostgreSQL in one zone; Redis), of one type for each kind, from
the price list as the Go module github.com/cristim/ec2-instances-info of 2025-05-28 carries it. A dash: not
sold there then. The prices that they multiply are newer (`prices_instances.py`); ratios between regions
hardly move.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

CAPTURED_AT = date(2025, 5, 28)
"""Of the price list that the ratios are from."""

TEST_AGE = timedelta(days=730)
"""Older than this, a unit test fails: someone has to look."""

Kind = Literal["t", "m", "c", "r", "gpu", "db.t", "db.m", "db.r", "cache.t", "cache.m"]
"""Burstable, general, compute, memory, GPU instances; database classes; cache nodes."""

_KINDS: tuple[Kind, ...] = ("t", "m", "c", "r", "gpu", "db.t", "db.m", "db.r", "cache.t", "cache.m")

# t4g, m7g, c7g, r7g, g6 (g5, g4dn where it is not sold), db.t4g, db.m7g, db.r7g, cache.t4g, cache.m7g
_ROWS = """
af-south-1 1.2902 - - - 1.3270 1.2713 - - - -
ap-east-1 1.3810 - 1.2552 1.3259 1.5399 1.7209 - 1.3222 1.6154 -
ap-northeast-1 1.2857 1.2917 1.2552 1.2063 1.4503 1.5659 1.3929 1.2008 1.5077 1.2785
ap-northeast-2 1.2381 1.2292 1.1255 1.2063 1.2296 1.5736 1.3952 1.2004 1.4462 1.2152
ap-northeast-3 1.2946 1.2917 1.2552 - 1.3498 1.5659 1.4821 - - -
ap-south-1 0.6667 0.7145 0.6772 0.7012 1.2008 1.2946 1.4286 1.1381 1.2462 1.0380
ap-south-2 0.6667 0.7145 0.6772 0.7012 - 1.2946 1.4262 1.1381 1.2462 1.0443
ap-southeast-1 1.2619 1.2500 1.1490 1.2063 1.3992 1.5736 1.3929 1.2008 1.4615 1.2468
ap-southeast-2 1.2619 1.2500 1.3021 1.1989 1.3002 1.5736 1.3929 1.2008 1.4615 1.2405
ap-southeast-3 1.2619 1.2500 - - 1.3996 1.5736 1.3988 - - -
ap-southeast-4 1.2619 1.2500 - - - 1.5736 1.3988 - - -
ca-central-1 1.0952 1.1152 1.0910 1.0952 1.1103 1.0930 1.1048 1.0803 1.0769 1.0886
eu-central-1 1.1429 1.1985 1.1379 1.2063 1.2505 1.1550 1.1905 1.2176 1.1077 1.1899
eu-central-2 1.2574 1.3174 1.2510 - 1.3482 1.2713 1.3155 - - -
eu-north-1 1.0238 1.0625 1.0676 1.0635 1.0606 1.0078 1.0536 1.0268 1.2000 1.0506
eu-south-1 1.1429 - 1.1807 1.1718 1.1711 1.1240 - 1.1757 1.1077 -
eu-south-2 1.0952 1.1140 1.0690 1.1186 1.0537 1.0853 1.1095 1.1205 - 1.1013
eu-west-1 1.0952 1.1152 1.0690 1.1195 1.1163 1.0698 1.1071 1.1213 1.0462 1.1013
eu-west-2 1.1190 1.1569 1.1848 1.1746 1.2694 1.1240 1.1619 1.1736 1.1077 1.1519
eu-west-3 1.1190 1.1667 1.1848 - 1.2694 1.1240 1.1607 - 1.1077 1.1519
me-central-1 1.2143 1.2255 - - 1.2266 1.1783 1.2202 - - -
me-south-1 1.1949 1.3750 - 1.2306 1.2262 1.1783 1.2167 1.2301 - -
sa-east-1 1.5952 1.5944 1.5324 1.5910 1.6998 2.1318 1.3155 2.0795 1.8769 1.4241
us-east-1 1.0000 1.0000 1.0000 1.0000 1.0000 1.0000 1.0000 1.0000 1.0000 1.0000
us-east-2 1.0000 1.0000 0.9972 1.0000 1.0000 1.0000 1.0000 1.0000 1.0000 1.0000
us-west-1 1.1905 1.1667 1.2428 1.1111 1.1996 1.3256 1.1429 1.1205 1.2923 1.0000
us-west-2 1.0000 1.0000 1.0000 1.0000 1.0000 1.0000 1.0000 1.0000 1.0000 1.0000
"""

RATIOS: dict[str, dict[Kind, float]] = {
    region: {kind: float(text) for kind, text in zip(_KINDS, texts, strict=True) if text != "-"}
    for region, *texts in (row.split() for row in _ROWS.strip().splitlines())
}
"""By region and kind; a kind that is not sold in a region is left out."""
