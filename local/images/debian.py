"""Root file systems of base images from Debian packages: in seconds, where debootstrap takes minutes.

Packages come through apt-get (which checks their signatures' hashes) and are unpacked without running their
scripts; the few things that those scripts would do (the CA bundle, byte code) are done here.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from local.images.process import run
from local.paths import cache
from local.progress import PhaseError, Progress

HERE = Path(__file__).parent / "base"
APT_LISTS = Path("/var/lib/apt/lists")
LAYOUT = "1"
"""Changes when the way a root file system is put together changes."""

_BIN_DIRECTORIES = ("usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin")
_EXCLUDED = ("./usr/share/man/*", "./usr/share/locale/*", "./usr/share/info/*", "./usr/share/lintian/*")
_URI_LINE = re.compile(
    r"^'(?P<uri>[^']+)' (?P<file>(?P<name>[^_ ]+)_\S+\.deb) (?P<size>\d+) SHA256:(?P<sha256>\w+)$"
)


@dataclass(frozen=True)
class Package:
    """One .deb as apt would download it now."""

    name: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Base:
    """A base image: its packages, and the programs that stay in it (None: all)."""

    name: str
    packages: tuple[Package, ...]
    keep: tuple[str, ...] | None

    @property
    def key(self) -> str:
        """12 hex digits that change with the packages, their versions, or how they are put together."""
        parts = [LAYOUT, repr(self.keep), (HERE / "passwd").read_text(), (HERE / "group").read_text()]
        parts += [f"{p.file} {p.sha256}" for p in self.packages]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def load_bases() -> dict[str, Base]:
    """Every base image of `base/packages.toml`, with the versions that apt offers now."""
    document = tomllib.loads((HERE / "packages.toml").read_text())
    wanted: dict[str, list[str]] = {}
    for name, entry in document["base"].items():
        names = set(entry["packages"]).union(*(document["sets"][s] for s in entry["sets"]))
        wanted[name] = sorted(names)
    offered = {p.name: p for p in _offered(sorted(set().union(*wanted.values())))}
    return {
        name: Base(
            name,
            tuple(offered[p] for p in packages),
            tuple(document["base"][name]["keep"]) if "keep" in document["base"][name] else None,
        )
        for name, packages in wanted.items()
    }


def _offered(names: list[str]) -> list[Package]:
    """What apt would download for these names; remembered until its lists change, for apt takes a second."""
    lists = [(p.name, p.stat().st_mtime_ns) for p in sorted(APT_LISTS.glob("*_Packages*"))]
    key = hashlib.sha256(repr((names, lists)).encode()).hexdigest()
    memo = cache() / "images" / "debian.json"
    if memo.exists():
        known = json.loads(memo.read_text())
        if known["key"] == key:
            return [Package(**p) for p in known["packages"]]
    packages = _ask_apt(names)
    memo.parent.mkdir(parents=True, exist_ok=True)
    scratch = memo.with_suffix(".tmp")
    scratch.write_text(json.dumps({"key": key, "packages": [asdict(p) for p in packages]}))
    scratch.replace(memo)
    return packages


def _ask_apt(names: list[str]) -> list[Package]:
    if shutil.which("apt-get") is None:
        raise PhaseError(
            "The base images are made of Debian packages, and apt-get is not on this machine.",
            "Use a Debian 12 machine, or your own cluster: `make up CONTEXT=<kubeconfig context>`.",
        )
    found, _ = _print_uris(names)
    if set(names) - found.keys():
        log = cache() / "images" / "logs" / "apt.log"
        run(["apt-get", "update", "-q"], log, timeout=300)  # a machine without lists offers nothing
        found, complaint = _print_uris(names)
        if missing := set(names) - found.keys():
            raise PhaseError(
                f"apt offers no download for {', '.join(sorted(missing))}. {complaint}",
                "The base images need Debian 12 (bookworm) in /etc/apt.",
            )
    return list(found.values())


def _print_uris(names: list[str]) -> tuple[dict[str, Package], str]:
    answer = subprocess.run(
        ["apt-get", "download", "--print-uris", *names],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = [m for line in answer.stdout.splitlines() if (m := _URI_LINE.match(line))]
    return {m["name"]: Package(m["name"], m["file"], m["sha256"]) for m in found}, answer.stderr.strip()


def build_rootfs(base: Base, target: Path, progress: Progress, log: Path) -> None:
    """Write the base's root file system into the tar file `target`."""
    debs = _download(base.packages, progress, log)
    root = target.parent / f"root-{base.name}"
    _make_skeleton(root)
    for done, deb in enumerate(debs):
        progress.advance(done, len(debs), base.packages[done].name)
        _extract(deb, root)
    _finish(base, root, log)
    run(
        [
            "tar",
            "-C",
            str(root),
            "--sort=name",
            "--numeric-owner",
            "--owner=0",
            "--group=0",
            "-cf",
            str(target),
            ".",
        ],
        log,
        timeout=120,
    )
    shutil.rmtree(root)


def _download(packages: Iterable[Package], progress: Progress, log: Path) -> list[Path]:
    """The .deb files, from the cache where their content is right, else from apt."""
    store = cache() / "debs"
    store.mkdir(parents=True, exist_ok=True)
    missing = [p for p in packages if not _is_intact(store / p.file, p.sha256)]
    if missing:
        progress.note(f"downloading {len(missing)} Debian packages")
        for package in missing:
            (store / package.file).unlink(missing_ok=True)
        command = ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", *(p.name for p in missing)]
        run(command, log, timeout=600, cwd=store, remedy="Run `apt-get update` and try again.")
    return [store / p.file for p in packages]


def _is_intact(path: Path, sha256: str) -> bool:
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _make_skeleton(root: Path) -> None:
    """The directories and links that Debian's merged /usr layout wants before any package."""
    shutil.rmtree(root, ignore_errors=True)
    for directory in (
        "usr/bin",
        "usr/sbin",
        "usr/lib",
        "usr/lib64",
        "etc",
        "tmp",
        "var/tmp",
        "root",
        "run",
        "proc",
    ):
        (root / directory).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    for directory in ("tmp", "var/tmp"):
        (root / directory).chmod(0o1777)
    (root / "root").chmod(0o700)


def _extract(deb: Path, root: Path) -> None:
    excluded = [f"--exclude={pattern}" for pattern in _EXCLUDED]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE) as source:
        subprocess.run(
            ["tar", "-x", "--keep-directory-symlink", *excluded, "-C", str(root)],
            stdin=source.stdout,
            check=True,
            timeout=120,
        )
    if source.returncode != 0:
        raise PhaseError(f"{deb.name} is damaged.", f"Delete {deb} and try again.")


def _finish(base: Base, root: Path, log: Path) -> None:
    """What the packages' own scripts would have done."""
    for name in ("passwd", "group"):
        shutil.copyfile(HERE / name, root / "etc" / name)
    (root / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")
    certificates = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
    bundle = root / "etc/ssl/certs/ca-certificates.crt"
    bundle.parent.mkdir(parents=True, exist_ok=True)
    bundle.write_bytes(b"".join(c.read_bytes().rstrip() + b"\n" for c in certificates))
    compile_all = ["python3.11", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    run(["chroot", str(root), *compile_all, "/usr/lib/python3.11"], log, timeout=300)
    if base.keep is not None:
        _remove_programs(root, base.keep)


def _remove_programs(root: Path, keep: tuple[str, ...]) -> None:
    for directory in _BIN_DIRECTORIES:
        for program in (root / directory).glob("*"):
            if program.name not in keep:
                program.unlink()
