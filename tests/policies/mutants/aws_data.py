"""What the pack aws-data notices."""

from tests.policies.mutants.mutant import mutant
from tests.support.policies import put

DB = "aws:rds/instance:Instance::database"

MUTANTS = (mutant("the database is public", put(DB, "publiclyAccessible", True), "rds-private"),)
