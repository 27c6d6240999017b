"""What a node may do."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, options, put

CLUSTER = "aws:eks/cluster:Cluster"
GROUP = "aws:eks/nodeGroup:NodeGroup"
ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
AWS = "arn:aws:iam::aws:policy"
ROLES = "arn:aws:iam::111122223333:role"
GRANT = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def attached(arn: str, name: str = "extra", role: str = "nodes") -> R:
    return R(ATTACHMENT, {"role": role, "policyArn": arn}, name=name)


EXAMPLES = (
    Example(
        "eks-node-role-minimal",
        good=(
            R(ROLE, {"name": "nodes", "arn": f"{ROLES}/nodes"}, name="nodes"),
            R(ROLE, {"name": "automatic", "arn": f"{ROLES}/automatic"}, name="automatic"),
            R(ROLE, {"name": "server", "arn": f"{ROLES}/server"}, name="server"),
            attached(f"{AWS}/AmazonEKSWorkerNodePolicy", "join"),
            attached(f"{AWS}/AmazonEC2ContainerRegistryPullOnly", "pull"),
            attached("arn:aws:iam::111122223333:policy/server", "server-own", "server"),
            attached(f"{AWS}/AmazonEKSWorkerNodeMinimalPolicy", "minimal", "automatic"),
            R(ROLE_POLICY, {"role": "server", "policy": GRANT}, name="server-inline"),
            R(GROUP, {"nodeRoleArn": f"{ROLES}/nodes"}, name="group"),
            R(
                CLUSTER,
                {"computeConfig": {"enabled": True, "nodeRoleArn": f"{ROLES}/automatic"}},
                name="cluster",
            ),
        ),
        bad={
            "the network plugin's policy": add(attached(f"{AWS}/AmazonEKS_CNI_Policy")),
            "a policy for all": add(attached(f"{AWS}/AdministratorAccess")),
            "pushing images": put("pull", "policyArn", f"{AWS}/AmazonEC2ContainerRegistryPowerUser"),
            "a policy of one's own that is called alike": put(
                "join", "policyArn", "arn:aws:iam::111122223333:policy/AmazonEKSWorkerNodePolicy"
            ),
            "a policy of this stack": add(
                R(POLICY, {"policy": GRANT}, name="own"),
                R(
                    ATTACHMENT,
                    {"role": "nodes", "policyArn": UNKNOWN},
                    name="extra",
                    depends={"policyArn": ["own"]},
                ),
            ),
            "an inline policy": add(R(ROLE_POLICY, {"role": "nodes", "policy": GRANT}, name="inline")),
            "an inline policy in the role": put("nodes", "inlinePolicies", [{"name": "a", "policy": "{}"}]),
            "a managed policy in the role": put("nodes", "managedPolicyArns", [f"{AWS}/AmazonS3FullAccess"]),
            "the nodes of Auto Mode": add(attached(f"{AWS}/AmazonS3FullAccess", role="automatic")),
            "the server's role for nodes": Bad(put("group", "nodeRoleArn", f"{ROLES}/server"), 2),
            "one that is attached before the update": add(
                R(
                    ATTACHMENT,
                    {"role": UNKNOWN, "policyArn": f"{AWS}/AmazonS3FullAccess"},
                    name="extra",
                    depends={"role": ["nodes"]},
                )
            ),
        },
        fine={
            "the Session Manager": add(attached(f"{AWS}/AmazonSSMManagedInstanceCore")),
            "a managed policy in the role that nodes need": put(
                "nodes", "managedPolicyArns", [f"{AWS}/AmazonEKSWorkerNodePolicy"]
            ),
            "an empty inline policy, which is how none is written": put("nodes", "inlinePolicies", [{}]),
            "the role has no ARN yet": both(
                put("group", "nodeRoleArn", UNKNOWN), options("group", depends={"nodeRoleArn": ["nodes"]})
            ),
        },
        open={
            "the role is from elsewhere": put("group", "nodeRoleArn", f"{ROLES}/other"),
            "the policy is unknown": put("join", "policyArn", UNKNOWN),
        },
        companions_hide=True,
    ),
    Example(
        "eks-node-role-minimal",
        good=(
            R(ROLE, {"name": "nodes", "arn": f"{ROLES}/nodes"}, name="nodes"),
            R(GROUP, {"nodeRoleArn": f"{ROLES}/nodes"}, name="group"),
            attached(f"{AWS}/CloudWatchAgentServerPolicy", "agent"),
        ),
        config={"policies": ["CloudWatchAgentServerPolicy"]},
        bad={"one that is not agreed": put("agent", "policyArn", f"{AWS}/AmazonEKSWorkerNodePolicy")},
        companions_hide=True,
    ),
)
