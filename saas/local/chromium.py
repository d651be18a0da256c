"""Finds the Chromium that the browser tests drive: `python -m saas.local.chromium` prints it or installs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
ADVICE = (
    "The browser tests need Chromium. Debian: apt-get install chromium. Ubuntu: install Google Chrome's or a PPA's "
    "package, not the snap. macOS: brew install --cask chromium. In another place: CHROMIUM=/path/to/chromium"
)


class NoChromium(Exception):
    """There is no browser; the message says what to install."""


def find_chromium(environ: Mapping[str, str] = os.environ) -> Path:
    """The program to start. Raises NoChromium."""
    if named := environ.get("CHROMIUM"):
        if not os.access(named, os.X_OK):
            raise NoChromium(f"CHROMIUM={named} is no program.")
        return Path(named)
    for name in NAMES:
        if found := shutil.which(name, path=environ.get("PATH", "") + ":/usr/bin"):
            return Path(found)
    for application in APPLICATIONS:
        if os.access(application, os.X_OK):
            return Path(application)
    raise NoChromium(ADVICE)


def launch_arguments() -> list[str]:
    """Chromium's sandbox refuses root, and small containers have a small /dev/shm."""
    return [
        "--disable-dev-shm-usage",
        *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    ]


def ensure_chromium() -> Path:
    """Installs the package where that needs no question: as root on Debian. Raises NoChromium."""
    try:
        return find_chromium()
    except NoChromium:
        if os.environ.get("CHROMIUM") or os.geteuid() != 0 or not _is_debian():
            raise
    print("Installing Chromium for the browser tests …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium"],
    ):
        result = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if result.returncode != 0:
            raise NoChromium(
                f"{' '.join(command)} failed:\n{(result.stderr or result.stdout)[-2000:]}\n{ADVICE}"
            )
    return find_chromium()


def _is_debian() -> bool:
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return False
    return "ID=debian" in lines and shutil.which("apt-get") is not None


if __name__ == "__main__":
    try:
        print(ensure_chromium())
    except NoChromium as problem:
        sys.exit(str(problem))
