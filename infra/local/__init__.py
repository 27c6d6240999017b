"""The ports from local parts: a cluster from a kubeconfig, Postgres in it, a stand-in model, an nginx edge."""
