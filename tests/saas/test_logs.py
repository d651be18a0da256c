"""What is written to the log is one line of JSON, whatever somebody sent (J06)."""

from __future__ import annotations

import json
import logging

import pytest

from saas.logs import MAXIMUM, JsonLine


def line_of(message: str, **extra: object) -> str:
    record = logging.makeLogRecord(
        {"name": "ventanilla.test", "levelno": logging.INFO, "msg": message, **extra}
    )
    return JsonLine().format(record)


@pytest.mark.parametrize(
    "text", ['a\nb\r\n{"level":"error"}', "\x1b[31mred\x1b[0m", "\u2028\x00\ud800", '"}\n{"x":"']
)
def test_one_event_is_one_line(text: str):
    line = line_of(text, event=text, facts={"path": text})
    assert len(line.splitlines()) == 1 and line.isascii() and line.isprintable()
    said = json.loads(line)
    assert said["message"] == said["event"] == said["path"] == text


def test_what_is_long_is_cut():
    said = json.loads(line_of("x" * 1_000_000, facts={"agent": "y" * 1_000_000}))
    assert len(said["message"]) == len(said["agent"]) == MAXIMUM + 1
