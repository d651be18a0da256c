from __future__ import annotations

import pickle

from saas.refusals import NotFound, Refusal


def test_str_is_the_filled_sentence() -> None:
    refusal = Refusal("%(count)s invoices are already paid.", field="invoices", count=2)
    assert str(refusal) == "2 invoices are already paid."
    assert (refusal.msgid, refusal.field) == ("%(count)s invoices are already paid.", "invoices")
    assert refusal.facts == {"count": 2}


def test_a_sentence_without_facts_keeps_its_per_cent_sign() -> None:
    assert str(Refusal("No more than 50 % may be paid.")) == "No more than 50 % may be paid."


def test_survives_a_trip_between_processes() -> None:
    copy = pickle.loads(pickle.dumps(Refusal("No %(what)s.", "what", what="way")))
    assert (str(copy), copy.field, copy.facts) == ("No way.", "what", {"what": "way"})


def test_not_found_is_no_refusal() -> None:
    assert not issubclass(NotFound, Refusal)
