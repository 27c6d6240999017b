"""Python reads this module when it starts. In ROOST_AUDIT it leaves a line for every address it is led to."""

from __future__ import annotations

import os
import socket
import sys
from typing import Any


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        said = f"name {arguments[0]}"
    elif event in {"socket.connect", "socket.bind"}:
        ours, address = arguments
        # Connecting a datagram socket sends nothing: it is how programs ask for their own address.
        if ours.family not in {socket.AF_INET, socket.AF_INET6} or ours.type == socket.SOCK_DGRAM:
            return
        said = f"{event.partition('.')[2]} {address[0]}"
    else:
        return
    with open(os.environ["ROOST_AUDIT"], "a") as log:  # noqa: PTH123 - pathlib is not imported this early
        log.write(f"{said}\n")


sys.addaudithook(_note)
