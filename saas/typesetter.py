"""The compiler behind documents: a template file and a JSON text in, PDF bytes out.

Run as a file, it is also the child process that sets large documents: it reads one job as JSON on standard input,
writes the PDF on standard output, and limits its own processor time and memory before it starts. It therefore
imports nothing of the project.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import typst

THEMES = Path(__file__).resolve().parent.parent / "themes"
FONTS = THEMES / "base" / "documents" / "fonts"
SECONDS_APART = 20
MEMORY_APART = 2 * 1024**3
_children = threading.BoundedSemaphore(2)


class TypesettingFailed(Exception):
    """The template did not compile, or the job went past its limits. The text never holds the customer's data."""


@dataclass(frozen=True)
class Job:
    """What one document needs: template path below themes/, its data as JSON, its date as seconds since 1970 (UTC)."""

    template: str
    document: str
    timestamp: int


def typeset(job: Job) -> bytes:
    """Return the PDF (PDF/UA-1, tagged, same bytes for the same job). Raises `TypesettingFailed`.

    A template can read files below themes/ only, sees our fonts only, and gets its data as one JSON string.
    """
    try:
        return typst.compile(
            str(THEMES / job.template),
            root=str(THEMES),
            font_paths=_fonts(),
            sys_inputs={"document": job.document},
            pdf_standards=["ua-1"],
            timestamp=job.timestamp,
        )
    except typst.TypstError as error:
        raise TypesettingFailed(f"{job.template}: {error.message}") from error


def typeset_apart(job: Job, seconds: int = SECONDS_APART) -> bytes:
    """Like `typeset`, in a child process with an empty environment that is killed after `seconds`.

    At most two run at a time per process; the others wait for them. Raises `TypesettingFailed`.
    """
    with _children:
        try:
            done = subprocess.run(
                [sys.executable, "-I", __file__, str(seconds)],
                input=json.dumps(asdict(job)).encode(),
                capture_output=True,
                timeout=seconds,
                env={},
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TypesettingFailed(f"{job.template}: stopped after {seconds} s") from None
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        raise TypesettingFailed(f"{job.template}: {done.stderr.decode(errors='replace')[-300:]}")
    return done.stdout


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def _limit_self(seconds: int) -> None:
    try:
        import resource
    except ImportError:  # not a Unix: the parent's clock is the only limit
        return
    resource.setrlimit(resource.RLIMIT_CPU, (2 * seconds, 2 * seconds))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_APART, MEMORY_APART))


if __name__ == "__main__":
    _limit_self(int(sys.argv[1]))
    try:
        sys.stdout.buffer.write(typeset(Job(**json.load(sys.stdin))))
    except TypesettingFailed as failure:
        sys.exit(str(failure))
