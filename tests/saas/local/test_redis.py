from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import redis

from saas.local.redis import redis_server


def test_runs_while_the_block_does() -> None:
    with redis_server(environ={}) as url:
        with redis.Redis.from_url(url) as connection:
            assert connection.ping()
        socket = Path(urlsplit(url).path)
        assert socket.parent.stat().st_mode & 0o777 == 0o700
    assert not socket.parent.exists()


def test_a_server_that_is_named_is_used() -> None:
    with redis_server(environ={"REDIS_URL": "redis://cache.example:6379/1"}) as url:
        assert url == "redis://cache.example:6379/1"
