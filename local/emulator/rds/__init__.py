"""RDS: moto's, with what it drops, what it has no notion of, and what AWS would refuse."""
