"""What every fallback plugin shares: values on the wire, the gRPC server, a provider's plumbing."""
