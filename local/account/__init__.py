"""`make preflight`: what only the AWS account knows, asked before `pulumi up` spends anything in it."""
