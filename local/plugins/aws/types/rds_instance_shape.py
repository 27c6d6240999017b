"""An RDS instance in Pulumi's words and in AWS's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.plugins.aws.resource import Properties, pick, tag_map

REQUESTED = {
    "allocatedStorage": "AllocatedStorage",
    "autoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "availabilityZone": "AvailabilityZone",
    "backupRetentionPeriod": "BackupRetentionPeriod",
    "backupTarget": "BackupTarget",
    "backupWindow": "PreferredBackupWindow",
    "caCertIdentifier": "CACertificateIdentifier",
    "characterSetName": "CharacterSetName",
    "copyTagsToSnapshot": "CopyTagsToSnapshot",
    "customIamInstanceProfile": "CustomIamInstanceProfile",
    "customerOwnedIpEnabled": "EnableCustomerOwnedIp",
    "databaseInsightsMode": "DatabaseInsightsMode",
    "dbName": "DBName",
    "dbSubnetGroupName": "DBSubnetGroupName",
    "dedicatedLogVolume": "DedicatedLogVolume",
    "deletionProtection": "DeletionProtection",
    "domain": "Domain",
    "domainAuthSecretArn": "DomainAuthSecretArn",
    "domainDnsIps": "DomainDnsIps",
    "domainFqdn": "DomainFqdn",
    "domainIamRoleName": "DomainIAMRoleName",
    "domainOu": "DomainOu",
    "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
    "engine": "Engine",
    "engineLifecycleSupport": "EngineLifecycleSupport",
    "engineVersion": "EngineVersion",
    "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
    "identifier": "DBInstanceIdentifier",
    "instanceClass": "DBInstanceClass",
    "iops": "Iops",
    "kmsKeyId": "KmsKeyId",
    "licenseModel": "LicenseModel",
    "maintenanceWindow": "PreferredMaintenanceWindow",
    "manageMasterUserPassword": "ManageMasterUserPassword",
    "masterUserSecretKmsKeyId": "MasterUserSecretKmsKeyId",
    "maxAllocatedStorage": "MaxAllocatedStorage",
    "monitoringInterval": "MonitoringInterval",
    "monitoringRoleArn": "MonitoringRoleArn",
    "multiAz": "MultiAZ",
    "ncharCharacterSetName": "NcharCharacterSetName",
    "networkType": "NetworkType",
    "optionGroupName": "OptionGroupName",
    "parameterGroupName": "DBParameterGroupName",
    "password": "MasterUserPassword",
    "performanceInsightsEnabled": "EnablePerformanceInsights",
    "performanceInsightsKmsKeyId": "PerformanceInsightsKMSKeyId",
    "performanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
    "port": "Port",
    "publiclyAccessible": "PubliclyAccessible",
    "replicaMode": "ReplicaMode",
    "storageEncrypted": "StorageEncrypted",
    "storageThroughput": "StorageThroughput",
    "storageType": "StorageType",
    "timezone": "Timezone",
    "upgradeStorageConfig": "UpgradeStorageConfig",
    "username": "MasterUsername",
    "vpcSecurityGroupIds": "VpcSecurityGroupIds",
}
# An answer has most under the request's name; these not.
_ANSWERED = {
    "DBInstanceArn": "arn",
    "DBInstanceStatus": "status",
    "DbiResourceId": "resourceId",
    "EnabledCloudwatchLogsExports": "enabledCloudwatchLogsExports",
    "IAMDatabaseAuthenticationEnabled": "iamDatabaseAuthenticationEnabled",
    "PerformanceInsightsEnabled": "performanceInsightsEnabled",
    "ReadReplicaDBInstanceIdentifiers": "replicas",
    "ReadReplicaSourceDBInstanceIdentifier": "replicateSourceDb",
    "UpgradeRolloutOrder": "upgradeRolloutOrder",
}
_SECRET = {"KmsKeyId": "kmsKeyId", "SecretArn": "secretArn", "SecretStatus": "secretStatus"}


def observed(instance: Mapping[str, Any], state: Mapping[str, Any]) -> Properties:
    """AWS's answer in Pulumi's names.

    Without `latestRestorableTime`, which is another one every five minutes.
    """
    secret = instance.get("MasterUserSecret")
    endpoint = instance.get("Endpoint") or {}
    groups = instance.get("DBParameterGroups") or [{}]
    options = instance.get("OptionGroupMemberships") or [{}]
    version: str = instance["EngineVersion"]
    seen: Properties = {
        **pick(instance, {theirs: ours for ours, theirs in REQUESTED.items()}),
        **pick(instance, _ANSWERED),
        "dbSubnetGroupName": (instance.get("DBSubnetGroup") or {}).get("DBSubnetGroupName"),
        "engineVersion": _as_asked(version, state.get("engineVersion")),
        "engineVersionActual": version,
        "manageMasterUserPassword": True if secret else None,
        "masterUserSecrets": [pick(secret, _SECRET)] if secret else [],
        "optionGroupName": options[0].get("OptionGroupName"),
        "parameterGroupName": groups[0].get("DBParameterGroupName"),
        "tags": tag_map(instance.get("TagList")),
        "vpcSecurityGroupIds": [one["VpcSecurityGroupId"] for one in instance.get("VpcSecurityGroups", [])],
    }
    if secret:
        seen["masterUserSecretKmsKeyId"] = secret.get("KmsKeyId")
    if endpoint:
        seen |= {
            "address": endpoint["Address"],
            "endpoint": f"{endpoint['Address']}:{endpoint['Port']}",
            "hostedZoneId": endpoint.get("HostedZoneId"),
            "port": endpoint["Port"],
        }
    return seen


def _as_asked(actual: str, asked: str | None) -> str:
    """`17` stays `17` while AWS runs 17.7: a program that names a major leaves the minor to AWS."""
    return asked if asked and f"{actual}.".startswith(f"{asked}.") else actual
