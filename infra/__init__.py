"""The Pulumi program: settings in, one platform, the workloads on it, outputs out."""
