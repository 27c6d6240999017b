"""What runs in the cluster, on every platform: it knows the ports, and nothing of where it runs."""
