"""As whom pods talk to AWS."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, options, put

POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
ADDON = "aws:eks/addon:Addon"
ROLE = "aws:iam/role:Role"
SERVICE_ACCOUNT = "kubernetes:core/v1:ServiceAccount"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CRON_JOB = "kubernetes:batch/v1:CronJob"
ROLES = "arn:aws:iam::111122223333:role"
ANNOTATION = "eks.amazonaws.com/role-arn"
CONTAINERS = {"containers": [{"name": "app", "env": [{"name": "AWS_REGION", "value": "eu-central-1"}]}]}


def association(name: str, account: str, role: str) -> R:
    return R(
        POD_IDENTITY,
        {"clusterName": "blue", "namespace": "app", "serviceAccount": account, "roleArn": f"{ROLES}/{role}"},
        name=name,
    )


EXAMPLES = (
    Example(
        "eks-workload-identity",
        good=(
            R(ROLE, {"name": "one", "arn": f"{ROLES}/one"}, name="role"),
            association("server", "server", "one"),
            association("job", "job", "two"),
            R(
                ADDON,
                {
                    "addonName": "aws-ebs-csi-driver",
                    "podIdentityAssociations": [{"serviceAccount": "csi", "roleArn": f"{ROLES}/three"}],
                },
                name="volumes",
            ),
            R(ADDON, {"addonName": "vpc-cni", "serviceAccountRoleArn": f"{ROLES}/four"}, name="network"),
            R(
                SERVICE_ACCOUNT,
                {
                    "metadata": {
                        "namespace": "app",
                        "name": "oidc",
                        "annotations": {ANNOTATION: f"{ROLES}/five"},
                    }
                },
                name="oidc",
            ),
            R(SERVICE_ACCOUNT, {"metadata": {"namespace": "app", "name": "server"}}, name="account"),
            R(DEPLOYMENT, {"spec": {"template": {"spec": CONTAINERS}}}, name="deployment"),
            R(
                CRON_JOB,
                {"spec": {"jobTemplate": {"spec": {"template": {"spec": CONTAINERS}}}}},
                name="cron",
            ),
        ),
        bad={
            "two accounts share a role": Bad(put("job", "roleArn", f"{ROLES}/one"), 2),
            "an account of the same name in another namespace does": Bad(
                both(
                    put("job", "roleArn", f"{ROLES}/one"),
                    both(put("job", "serviceAccount", "server"), put("job", "namespace", "other")),
                ),
                2,
            ),
            "an add-on does": Bad(put("volumes", "podIdentityAssociations[0].roleArn", f"{ROLES}/one"), 2),
            "an add-on with OIDC does": Bad(put("network", "serviceAccountRoleArn", f"{ROLES}/one"), 2),
            "an annotation does": Bad(put("oidc", "metadata.annotations", {ANNOTATION: f"{ROLES}/one"}), 2),
            "two do before the update": Bad(
                both(
                    both(put("job", "roleArn", UNKNOWN), put("server", "roleArn", UNKNOWN)),
                    both(
                        options("job", depends={"roleArn": ["role"]}),
                        options("server", depends={"roleArn": ["role"]}),
                    ),
                ),
                2,
            ),
            "one does that is named by its ARN": Bad(
                both(put("job", "roleArn", UNKNOWN), options("job", depends={"roleArn": ["role"]})), 2
            ),
            "three do": Bad(add(association("a", "a", "one"), association("b", "b", "one")), 3),
            "every pod gets the role": put("job", "serviceAccount", "default"),
            "a container has a key": put(
                "deployment", "spec.template.spec.containers[0].env[1]", {"name": "AWS_ACCESS_KEY_ID"}
            ),
            "an init container has one, from a Secret": put(
                "deployment",
                "spec.template.spec.initContainers",
                [{"env": [{"name": "AWS_SECRET_ACCESS_KEY", "valueFrom": {"secretKeyRef": {"name": "s"}}}]}],
            ),
            "a CronJob has one": put(
                "cron",
                "spec.jobTemplate.spec.template.spec.containers[0].env[0].name",
                "AWS_SESSION_TOKEN",
            ),
        },
        fine={
            "the same account twice": add(association("again", "server", "one")),
            "roles that are not known yet": both(
                put("server", "roleArn", UNKNOWN), options("server", depends={"roleArn": ["role"]})
            ),
        },
        open={
            "a role is unknown": put("job", "roleArn", UNKNOWN),
            "the variables are unknown": put("deployment", "spec.template.spec.containers[0].env", UNKNOWN),
        },
    ),
)
