"""The measurements stand on what they say they measure; how fast it is is not a test's business."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
import pytest
from flask import Flask

from bench.load import WrongAnswer, request_bytes, run_round
from bench.pages import HISTORY, LIST
from bench.report import Figure, of_rounds, table
from bench.world import INVOICES_EACH, OPEN_EACH, build_town
from tests.application import client_for
from tests.database import DatabaseUrls


def test_a_customer_of_a_town_sees_twenty_invoices_six_of_them_open(
    app: Flask, database: DatabaseUrls
) -> None:
    town = build_town(app, database.superuser, "pueblo", 200)
    with psycopg.connect(database.superuser) as connection:
        counts = "SELECT count(*), count(DISTINCT account_id), count(*) FILTER (WHERE open_amount > 0) FROM invoices"
        assert connection.execute(counts).fetchone() == (200, 10, 10 * OPEN_EACH)
    assert len(town.residents) == 10
    resident = town.residents[3]
    client = client_for(app, town.host)
    client.set_cookie("ventanilla", resident.token, domain=town.host)
    for path, rows in ((LIST, OPEN_EACH), (HISTORY, INVOICES_EACH)):
        answer = client.get(path)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200
        assert resident.newest in page
        assert page.count("/invoices/0") == rows  # an address each; ids begin with the time


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/" else 500)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answering) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_a_round_counts_answers(port: int) -> None:
    found = run_round(port, [request_bytes("x", "/")], 0.2, connections=2)
    assert found.answers > 2
    assert found.rate == pytest.approx(found.answers / found.seconds)


def test_an_error_is_no_figure(port: int) -> None:
    with pytest.raises(WrongAnswer, match="500"):
        run_round(port, [request_bytes("x", "/broken")], 0.2, connections=1)


def test_the_table_puts_the_ratio_before_the_rest() -> None:
    lines = table(
        [
            of_rounds("page : floor", [0.5, 0.3, 0.45], least=0.4, orientation="9 : 20 a second"),
            Figure("small : large", 1.4, most=1.3),
            Figure("size", orientation="8 kB"),
        ]
    ).splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert cells[2] == ["page : floor", "0.45", "0.30–0.50", "≥ 0.4", "met", "9 : 20 a second"]
    assert cells[3][:5] == ["small : large", "1.40", "", "≤ 1.3", "missed"]
    assert cells[4][:5] == ["size", "–", "", "", ""]
