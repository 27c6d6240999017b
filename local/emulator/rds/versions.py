"""What RDS offers: minors of each Postgres major, and the instance classes of today's families."""

from __future__ import annotations

import re

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.rds.responses import RDSResponse

from infra.settings.aws_versions import PGVECTOR_FLOOR
from local.emulator.rds.instances import NEWEST_MINOR

_CLASS = re.compile(r"db\.(t4g|m6g|m7g|r6g|r7g)\.(micro|small|medium|large|\d*xlarge)")


class Versions(RDSResponse):
    """DescribeDBEngineVersions and DescribeOrderableDBInstanceOptions, for Postgres."""

    def describe_db_engine_versions(self) -> ActionResult:
        """Of one parameter family, from the first minor with pgvector 0.8 less one, to the newest."""
        family, version = self.params.get("DBParameterGroupFamily"), self.params.get("EngineVersion")
        found = [
            {
                "Engine": "postgres",
                "EngineVersion": f"{major}.{minor}",
                "DBParameterGroupFamily": f"postgres{major}",
                "Status": "available",
            }
            for major, newest in NEWEST_MINOR.items()
            for minor in range(PGVECTOR_FLOOR[int(major)] - 1, int(newest.partition(".")[2]) + 1)
            if family in (None, f"postgres{major}") and version in (None, major, f"{major}.{minor}")
        ]
        return ActionResult({"DBEngineVersions": found})

    def describe_orderable_db_instance_options(self) -> ActionResult:
        """A class of a family that RDS still sells, in every zone of the region."""
        kind, version = self.params.get("DBInstanceClass", ""), self.params.get("EngineVersion")
        zones = ec2_backends[self.current_account][self.region].describe_availability_zones()
        options = [
            {
                "Engine": "postgres",
                "EngineVersion": version,
                "DBInstanceClass": kind,
                "AvailabilityZones": [{"Name": zone.name} for zone in zones],
                "MultiAZCapable": True,
                "Vpc": True,
                "StorageType": "gp3",
                "SupportsStorageEncryption": True,
                "SupportsIAMDatabaseAuthentication": True,
            }
        ]
        return ActionResult({"OrderableDBInstanceOptions": options if _CLASS.fullmatch(kind) else []})
