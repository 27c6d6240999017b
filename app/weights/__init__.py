"""A model's files: from the hub into the stack's bucket, and from there to where a server reads them."""
