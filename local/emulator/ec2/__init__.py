"""EC2 as AWS has it where moto differs: what is in use stays, and what is changed is changed."""
