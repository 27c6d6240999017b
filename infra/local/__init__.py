"""The ports from local parts: a kubeconfig's cluster, Postgres in it, a stand-in model, an nginx edge."""
