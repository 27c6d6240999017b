"""One AWS account on loopback: moto's services, extended in place with what the stack needs and moto lacks.

`running` starts it as a child process; `python -m local.emulator` is that process.
"""

from local.emulator.child import Emulated as Emulated
from local.emulator.child import EmulatorError as EmulatorError
from local.emulator.child import running as running
