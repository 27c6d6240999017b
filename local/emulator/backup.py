"""AWS Backup: moto has vaults, their locks and the first version of a plan; the rest is here."""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from typing import Any

from moto.backup.models import Plan, backup_backends
from moto.backup.responses import BackupResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import unix_time
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.moto_api._internal import mock_random
from moto.sns.models import sns_backends

from local.emulator.errors import Refusal

Document = dict[str, Any]

SELECTIONS: defaultdict[str, dict[str, Document]] = defaultdict(dict)
"""By region and id."""
NOTIFICATIONS: defaultdict[str, dict[str, Document]] = defaultdict(dict)
"""By region and vault."""
TESTS: defaultdict[str, dict[str, Document]] = defaultdict(dict)
"""Restore testing plans by region and name; `selections` in each are by name."""
_TEST_NAME = re.compile(r"\w{1,50}", re.ASCII)


def missing(what: str) -> Refusal:
    """Something that is not there."""
    return Refusal("ResourceNotFoundException", f"{what} does not exist")


def invalid(message: str) -> Refusal:
    """A parameter that AWS Backup refuses."""
    return Refusal("InvalidParameterValueException", message)


class Backup(BackupResponse):
    """moto's service where nothing else is said; parameters are named as botocore names them."""

    def __init__(self) -> None:
        super().__init__()
        self.automated_parameter_parsing = True

    def create_backup_vault(self) -> str:
        """Its key is one of its region."""
        arn = str(self.params.get("EncryptionKeyArn", ""))
        keys = kms_backends[self.current_account][self.region].keys
        if arn and (f":{self.region}:" not in arn or arn.rpartition("/")[2] not in keys):
            raise invalid(f"The key {arn} is not in {self.region}")
        return super().create_backup_vault()

    def delete_backup_vault(self) -> EmptyResult:
        """With its notifications."""
        NOTIFICATIONS[self.region].pop(self.params["BackupVaultName"], None)
        return super().delete_backup_vault()

    def put_backup_vault_notifications(self) -> EmptyResult:
        """To a topic of the same region."""
        vault = self._vault()
        topic = self.params["SNSTopicArn"]
        if topic not in sns_backends[self.current_account][self.region].topics:
            raise invalid(f"The topic {topic} is not in {self.region}")
        NOTIFICATIONS[self.region][vault] = {
            "SNSTopicArn": topic,
            "BackupVaultEvents": list(self.params["BackupVaultEvents"]),
        }
        return EmptyResult()

    def get_backup_vault_notifications(self) -> ActionResult:
        """An error where there are none."""
        vault = self._vault()
        found = NOTIFICATIONS[self.region].get(vault)
        if found is None:
            raise missing(f"A notification configuration of {vault}")
        arn = self.backup_backend.vaults[vault].backup_vault_arn
        return ActionResult({"BackupVaultName": vault, "BackupVaultArn": arn, **found})

    def delete_backup_vault_notifications(self) -> EmptyResult:
        """None is no error."""
        NOTIFICATIONS[self.region].pop(self._vault(), None)
        return EmptyResult()

    def create_backup_plan(self) -> str:
        """Into vaults that are there."""
        self._vaults_are_there(self.params["BackupPlan"])
        return super().create_backup_plan()

    def update_backup_plan(self) -> ActionResult:
        """Another version of the same plan."""
        plan = self._plan()
        self._vaults_are_there(self.params["BackupPlan"])
        filled: Any = Plan(self.params["BackupPlan"], plan.creator_request_id, self.backup_backend)
        plan.backup_plan = filled.backup_plan
        plan.advanced_backup_settings = filled.advanced_backup_settings
        plan.version_id = mock_random.get_random_string(length=48)
        return ActionResult(plan.to_dict())

    def delete_backup_plan(self) -> str:
        """Not while it has selections."""
        if any(one["BackupPlanId"] == self._plan().backup_plan_id for one in self._selections.values()):
            raise Refusal(
                "InvalidRequestException",
                "Related backup plan selections must be deleted prior to backup plan deletion",
            )
        return super().delete_backup_plan()

    def create_backup_selection(self) -> ActionResult:
        """Of what a plan takes."""
        plan, wish = self._plan(), self.params["BackupSelection"]
        self._require_role(wish["IamRoleArn"])
        made: Document = {
            "SelectionId": str(uuid.uuid4()),
            "BackupPlanId": plan.backup_plan_id,
            "CreationDate": unix_time(),
            "BackupSelection": dict(wish),
        }
        self._selections[made["SelectionId"]] = made
        return ActionResult({key: made[key] for key in ("SelectionId", "BackupPlanId", "CreationDate")})

    def get_backup_selection(self) -> ActionResult:
        """By id."""
        return ActionResult(self._selection())

    def delete_backup_selection(self) -> EmptyResult:
        """At once."""
        del self._selections[self._selection()["SelectionId"]]
        return EmptyResult()

    def create_restore_testing_plan(self) -> ActionResult:
        """Named by letters, digits and underscores alone."""
        wish = dict(self.params["RestoreTestingPlan"])
        name = wish["RestoreTestingPlanName"]
        if not _TEST_NAME.fullmatch(name) or name in TESTS[self.region]:
            raise invalid(f"{name} is taken, or no name of a restore testing plan")
        where = f"arn:{self.partition}:backup:{self.region}:{self.current_account}"
        arn = f"{where}:restore-testing-plan:{name}-{uuid.uuid4()}"
        TESTS[self.region][name] = {
            "plan": _with_defaults({**wish, "RestoreTestingPlanArn": arn, "CreationTime": unix_time()}),
            "selections": {},
        }
        self.backup_backend.tag_resource(arn, self.params.get("Tags", {}))
        return ActionResult(_told(TESTS[self.region][name]["plan"]))

    def get_restore_testing_plan(self) -> ActionResult:
        """By name."""
        return ActionResult({"RestoreTestingPlan": self._test()["plan"]})

    def update_restore_testing_plan(self) -> ActionResult:
        """All but its name."""
        test = self._test()
        test["plan"] |= _with_defaults({**test["plan"], **self.params["RestoreTestingPlan"]})
        return ActionResult({**_told(test["plan"]), "UpdateTime": unix_time()})

    def delete_restore_testing_plan(self) -> EmptyResult:
        """Not while it has selections."""
        if self._test()["selections"]:
            raise Refusal("InvalidRequestException", "The restore testing plan still has selections")
        del TESTS[self.region][self.params["RestoreTestingPlanName"]]
        return EmptyResult()

    def create_restore_testing_selection(self) -> ActionResult:
        """Of what is restored, and how."""
        test, wish = self._test(), dict(self.params["RestoreTestingSelection"])
        name = wish["RestoreTestingSelectionName"]
        if not _TEST_NAME.fullmatch(name) or name in test["selections"]:
            raise invalid(f"{name} is taken, or no name of a restore testing selection")
        self._require_role(wish["IamRoleArn"])
        made = {
            "ValidationWindowHours": 0,
            "RestoreMetadataOverrides": {},
            **wish,
            "RestoreTestingPlanName": self.params["RestoreTestingPlanName"],
            "CreationTime": unix_time(),
        }
        test["selections"][name] = made
        return ActionResult({**_told(test["plan"]), "RestoreTestingSelectionName": name})

    def get_restore_testing_selection(self) -> ActionResult:
        """By name."""
        return ActionResult({"RestoreTestingSelection": self._test_selection()})

    def update_restore_testing_selection(self) -> ActionResult:
        """All but its name and the type of what is restored."""
        self._test_selection().update(self.params["RestoreTestingSelection"])
        name = self.params["RestoreTestingSelectionName"]
        told = {**_told(self._test()["plan"]), "RestoreTestingSelectionName": name}
        return ActionResult({**told, "UpdateTime": unix_time()})

    def delete_restore_testing_selection(self) -> EmptyResult:
        """At once."""
        self._test_selection()
        del self._test()["selections"][self.params["RestoreTestingSelectionName"]]
        return EmptyResult()

    @property
    def _selections(self) -> dict[str, Document]:
        return SELECTIONS[self.region]

    def _vault(self) -> str:
        name: str = self.params["BackupVaultName"]
        if name not in self.backup_backend.vaults:
            raise missing(f"The backup vault {name}")
        return name

    def _plan(self) -> Plan:
        found = self.backup_backend.plans.get(self.params["BackupPlanId"])
        if found is None or found.deletion_date is not None:
            raise missing(f"The backup plan {self.params['BackupPlanId']}")
        return found

    def _selection(self) -> Document:
        found = self._selections.get(self.params["SelectionId"])
        if found is None or found["BackupPlanId"] != self.params["BackupPlanId"]:
            raise missing(f"The selection {self.params['SelectionId']}")
        return found

    def _test(self) -> Document:
        name = self.params["RestoreTestingPlanName"]
        if name not in TESTS[self.region]:
            raise missing(f"The restore testing plan {name}")
        return TESTS[self.region][name]

    def _test_selection(self) -> Document:
        name = self.params["RestoreTestingSelectionName"]
        if name not in self._test()["selections"]:
            raise missing(f"The restore testing selection {name}")
        return self._test()["selections"][name]

    def _require_role(self, arn: str) -> None:
        roles = iam_backends[self.current_account][self.partition].roles.values()
        if arn not in {role.arn for role in roles}:
            raise invalid(f"AWS Backup cannot take on the role {arn}, which does not exist")

    def _vaults_are_there(self, plan: Document) -> None:
        for rule in plan["Rules"]:
            if rule["TargetBackupVaultName"] not in self.backup_backend.vaults:
                raise invalid(f"The backup vault {rule['TargetBackupVaultName']} does not exist")
            for copy in rule.get("CopyActions", ()):
                arn = copy["DestinationBackupVaultArn"]
                there = backup_backends[self.current_account][arn.split(":")[3]].vaults.values()
                if arn not in {one.backup_vault_arn for one in there}:
                    raise invalid(f"The backup vault {arn} does not exist")


def _with_defaults(plan: Document) -> Document:
    chosen = {"SelectionWindowDays": 30, "ExcludeVaults": [], **plan["RecoveryPointSelection"]}
    defaults = {"ScheduleExpressionTimezone": "Etc/UTC", "StartWindowHours": 24}
    return {**defaults, **plan, "RecoveryPointSelection": chosen}


def _told(plan: Document) -> Document:
    return {key: plan[key] for key in ("CreationTime", "RestoreTestingPlanArn", "RestoreTestingPlanName")}
