"""Copy programs, the shared libraries that they load and a few files that libc reads into a new root.

collect.py TARGET PROGRAM …
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

LIBC_READS = ("/etc/nsswitch.conf", "/usr/lib/locale/C.utf8")


def libraries(program: str) -> list[str]:
    """Absolute paths of everything that the dynamic linker loads for `program`, itself included."""
    listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"(?:=> )?(/\S+) \(0x", listing)


def main(target: Path, programs: list[str]) -> None:
    """Put everything at its own path below `target`."""
    files = {*programs, *(library for program in programs for library in libraries(program)), *LIBC_READS}
    for name in sorted(files):
        source, copy = Path(name).resolve(), target / name.lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy)
        elif source.exists():
            shutil.copyfile(source, copy)
            copy.chmod(0o755)
    (target / "tmp").mkdir(mode=0o1777)
    (target / "tmp").chmod(0o1777)
    (target / "etc/passwd").write_text("nonroot:x:10001:10001:Roost:/tmp:/usr/sbin/nologin\n")
    (target / "etc/group").write_text("nonroot:x:10001:\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
