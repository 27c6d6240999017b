"""Rules of the pack aws-edge: load balancers, firewall, certificates and logs."""
