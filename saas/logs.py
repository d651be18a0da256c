"""One JSON line per request and per event; never a name, a token or what somebody wrote."""

from __future__ import annotations

import datetime
import json
import logging
import sys
from typing import Any

MAXIMUM = 300  # characters of any one value
EXTRA = ("tenant", "topic", "row", "request_id", "event", "facts")
_encode = json.JSONEncoder(ensure_ascii=True, default=str).encode


class JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "ts": datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": shorten(record.getMessage()),
        }
        known = vars(record)
        for name in EXTRA:
            if name in known:
                value = known[name]
                if isinstance(value, dict):
                    line.update({key: shorten(part) for key, part in value.items()})
                else:
                    line[name] = shorten(value)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)[-4000:]
        return _encode(line)


def shorten(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MAXIMUM:
        return value[:MAXIMUM] + "…"
    return value


def init_logs(level: int = logging.INFO) -> None:
    """Send everything below `ventanilla` to standard error as JSON; call once."""
    logger = logging.getLogger("ventanilla")
    if any(isinstance(handler.formatter, JsonLine) for handler in logger.handlers):
        return
    # What our lines do not say need not be found out (Python's Logging HOWTO, “Optimization”).
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine())
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False
