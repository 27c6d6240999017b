"""`python -m standin`: serve on HOST:PORT (default 0.0.0.0:8080) until SIGTERM."""

import os

import uvicorn

from .app import create_app
from .logs import configure_logging

if __name__ == "__main__":
    configure_logging()
    uvicorn.run(
        create_app(),
        host=os.environ.get("HOST", "0.0.0.0"),  # noqa: S104 - a pod's own address, guarded by NetworkPolicy
        port=int(os.environ.get("PORT", "8080")),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=20,
    )
