"""Serves until SIGTERM: `python -m chserver`, told by its environment.

STORE_DATA      directory of the data
STORE_LOGINS    directory with a file for each login, which holds its password
STORE_READERS   logins that may only read, with blanks between them
STORE_CONFIG    the engine's configuration, if there is one
HOST, PORT      where to listen
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from chserver.server import Server
from chserver.sessions import Login, Sessions

_READS = ("max_execution_time = 60", "readonly = 1")


def main() -> None:
    """Open the engine, then listen: whoever gets an answer from /ping can ask."""
    readers = os.environ.get("STORE_READERS", "").split()
    logins = {
        file.name: Login(
            password=file.read_text().removesuffix("\n"), settings=_READS if file.name in readers else ()
        )
        for file in Path(os.environ["STORE_LOGINS"]).iterdir()
        if not file.name.startswith(".") and file.is_file()
    }
    config = os.environ.get("STORE_CONFIG")
    location = os.environ["STORE_DATA"] + (f"?config-file={config}" if config else "")
    server = Server((os.environ["HOST"], int(os.environ["PORT"])), Sessions(location, logins))

    def stop(*_: object) -> None:
        threading.Thread(target=server.shutdown).start()  # it waits for the loop, which this thread runs

    signal.signal(signal.SIGTERM, stop)
    print(f"listening on {server.server_address[0]}:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
