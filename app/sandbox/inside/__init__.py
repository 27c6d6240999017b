"""What runs inside the sandbox: standard library only, in a process that knows nothing of the server."""
