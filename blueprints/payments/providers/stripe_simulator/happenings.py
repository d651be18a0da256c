"""What happens at Stripe: payers pay, banks decide, merchants press buttons. Each writes books and tells events."""

from __future__ import annotations

from blueprints.payments.providers.stripe_simulator import shapes
from blueprints.payments.providers.stripe_simulator.shapes import Wrong
from blueprints.payments.providers.stripe_simulator.shelf import Shelf, Thing

DECLINED = {"code": "card_declined", "decline_code": "insufficient_funds", "type": "card_error"}
WANTS_PAYER = {"code": "authentication_required", "type": "card_error"}


class Happenings:
    """The acts on one merchant's books. `told` are the events that came of them, in their order."""

    def __init__(
        self, shelf: Shelf, now: int, *, live: bool = False, account: str = "", refunds: str = "succeeded"
    ) -> None:
        self.shelf = shelf
        self.now = now
        self.live = live
        self.refunds = refunds  # what becomes of a refund at once: succeeded, pending, failed
        self.told: list[Thing] = []
        self._account = account

    # --- the payer, on the checkout page ---

    def pay(self, session_id: str, *, kind: str = "card") -> Thing:
        """Paid at once, by a means of payment of this kind."""
        session = self.open_session(session_id)
        intent = self._intent_of(session)
        self._succeed(intent, kind)
        self._finish(session, "paid", intent)
        self.tell("checkout.session.completed", session)
        return session

    def decline(self, session_id: str) -> Thing:
        """The card is declined; the session stays open for another one."""
        session = self.open_session(session_id)
        intent = self._intent_of(session)
        self._fail(intent, DECLINED)
        session["payment_intent"] = intent["id"]
        self.shelf.put(session)
        return session

    def promise(self, session_id: str, *, kind: str = "customer_balance", voucher: bool = False) -> Thing:
        """A delayed means of payment: the session is complete and nothing is paid yet."""
        session = self.open_session(session_id)
        intent = self._intent_of(session)
        charge = shapes.charge(intent, "pending", self.now, kind=kind)
        self.shelf.put(charge)
        intent |= {"status": "requires_action" if voucher else "processing", "latest_charge": charge["id"]}
        self.shelf.put(intent)
        self.tell("payment_intent.requires_action" if voucher else "payment_intent.processing", intent)
        self._finish(session, "unpaid", intent)
        self.tell("checkout.session.completed", session)
        return session

    def keep_promise(self, session_id: str) -> None:
        """The money of a delayed means has come."""
        session, intent = self._promised(session_id)
        charge = self._known(intent["latest_charge"])
        self._succeed(intent, charge["payment_method_details"]["type"], charge)
        session["payment_status"] = "paid"
        self.shelf.put(session)
        self.tell("checkout.session.async_payment_succeeded", session)

    def break_promise(self, session_id: str) -> None:
        """The money of a delayed means does not come."""
        session, intent = self._promised(session_id)
        self._fail(intent, {"code": "payment_intent_payment_attempt_failed", "type": "invalid_request_error"})
        self.tell("checkout.session.async_payment_failed", session)

    def expire(self, session_id: str) -> Thing:
        session = self.open_session(session_id, timely=False)
        session["status"], session["url"] = "expired", None
        self.shelf.put(session)
        self.tell("checkout.session.expired", session)
        return session

    def save_card(self, session_id: str, card: str = "good") -> Thing:
        """A card is saved, in a session made for that."""
        session = self.open_session(session_id)
        customer = {"id": shapes.new_id("cus"), "object": "customer", "email": session["customer_email"]}
        method = shapes.saved_card(customer["id"], card, self.now, live=self.live)
        setup = {
            "id": shapes.new_id("seti"),
            "object": "setup_intent",
            "created": self.now,
            "customer": customer["id"],
            "livemode": self.live,
            "metadata": {},
            "payment_method": method["id"],
            "status": "succeeded",
        }
        for thing in (customer, method, setup):
            self.shelf.put({"livemode": self.live, "metadata": {}, **thing})
        self.tell("setup_intent.succeeded", setup)
        session |= {
            "customer": customer["id"],
            "setup_intent": setup["id"],
            "status": "complete",
            "url": None,
        }
        self.shelf.put(session)
        self.tell("checkout.session.completed", session)
        return session

    # --- the merchant's own page, and the card's bank ---

    def refund(
        self, intent_id: str, amount: int | None = None, metadata: dict[str, str] | None = None
    ) -> Thing:
        """Money back, wherever it was ordered. Raises Wrong."""
        intent = self._known(intent_id, "payment_intent")
        charge = self._known(intent["latest_charge"] or "", "charge")
        left = charge["amount_captured"] - charge["amount_refunded"]
        amount = left if amount is None else amount
        if charge["status"] != "succeeded" or left <= 0:
            raise Wrong("The charge has already been refunded.", code="charge_already_refunded")
        if not 0 < amount <= left:
            raise Wrong("The refund is larger than what is left of the charge.", param="amount")
        if any(one["charge"] == charge["id"] and one["status"] != "won" for one in self.shelf.all("dispute")):
            raise Wrong("The charge has been charged back.", code="charge_disputed")
        made = shapes.refund(charge, amount, self.refunds, dict(metadata or {}), self.now)
        self.shelf.put(made)
        if self.refunds != "failed":
            self._gave_back(charge, amount)
        self.tell("refund.created", made)
        self.tell("charge.refunded", charge)
        return made

    def settle_refund(self, refund_id: str, *, good: bool) -> None:
        """The other bank has decided on a refund that waited."""
        made = self._known(refund_id, "refund")
        made["status"] = "succeeded" if good else "failed"
        self.shelf.put(made)
        if not good:
            self._gave_back(self._known(made["charge"]), -made["amount"])
        self.tell("refund.updated" if good else "refund.failed", made)

    def dispute(self, intent_id: str, amount: int | None = None) -> Thing:
        """The payer's bank takes the money back until somebody has decided."""
        charge = self._known(self._known(intent_id, "payment_intent")["latest_charge"])
        if charge["disputed"]:
            raise Wrong("The charge is disputed already.", code="charge_disputed")
        charge["disputed"] = True
        self.shelf.put(charge)
        made = shapes.dispute(charge, amount or charge["amount_captured"], self.now)
        self.shelf.put(made)
        self.tell("charge.dispute.created", made)
        self.tell("charge.dispute.funds_withdrawn", made)
        return made

    def close_dispute(self, dispute_id: str, *, won: bool) -> None:
        made = self._known(dispute_id, "dispute")
        if made["status"] in ("won", "lost"):
            raise Wrong("The dispute is closed.")
        made["status"] = "won" if won else "lost"
        self.shelf.put(made)
        if won:
            self.tell("charge.dispute.funds_reinstated", made)
        self.tell("charge.dispute.closed", made)

    def charge_card(self, intent: Thing, method: Thing) -> Thing:
        """Charge a saved card whose owner is not there. Raises Wrong when the bank does not let it."""
        card = method["_card"]
        if card in ("declined", "wants-payer"):
            error = DECLINED if card == "declined" else WANTS_PAYER
            self._fail(intent, error)
            raise Wrong(
                "The card was declined.",
                status=402,
                code=error["code"],
                kind="card_error",
                decline_code=error.get("decline_code"),
                payment_intent=shapes.public(intent),
            )
        if card == "slow":
            intent["status"] = "processing"
            self.shelf.put(intent)
            self.tell("payment_intent.processing", intent)
        else:
            self._succeed(intent, "card")
        return intent

    # --- how it is written down ---

    def tell(self, kind: str, of: Thing) -> None:
        self.told.append(shapes.event(kind, of, self.now, live=self.live, account=self._account))

    def open_session(self, session_id: str, *, timely: bool = True) -> Thing:
        session = self._known(session_id, "checkout.session")
        if session["status"] != "open" or (timely and session["expires_at"] <= self.now):
            raise Wrong("The session is not open any more.", code="session_not_open")
        return session

    def _known(self, thing_id: str, kind: str = "") -> Thing:
        thing = self.shelf.get(thing_id)
        if thing is None or (kind and thing["object"] != kind):
            raise Wrong(f"No such {kind or 'thing'}: '{thing_id}'", status=404, code="resource_missing")
        return thing

    def _intent_of(self, session: Thing) -> Thing:
        """The payment of a session, which begins when the payer first tries."""
        if session["payment_intent"]:
            return self._known(session["payment_intent"])
        data = session["_payment"]
        return shapes.intent(
            session["amount_total"],
            session["currency"],
            self.now,
            live=self.live,
            metadata=data.get("metadata", {}),
            description=data.get("description"),
        )

    def _promised(self, session_id: str) -> tuple[Thing, Thing]:
        session = self._known(session_id, "checkout.session")
        if session["status"] != "complete" or session["payment_status"] != "unpaid":
            raise Wrong("Nothing is being waited for.")
        return session, self._known(session["payment_intent"])

    def _finish(self, session: Thing, payment_status: str, intent: Thing) -> None:
        session |= {
            "status": "complete",
            "payment_status": payment_status,
            "payment_intent": intent["id"],
            "url": None,
        }
        self.shelf.put(session)

    def _succeed(self, intent: Thing, kind: str, charge: Thing | None = None) -> None:
        charge = charge or shapes.charge(intent, "succeeded", self.now, kind=kind)
        charge |= {
            "status": "succeeded",
            "paid": True,
            "captured": True,
            "amount_captured": intent["amount"],
        }
        booked = shapes.booking(charge, self.now)
        charge["balance_transaction"] = booked["id"]
        self.shelf.put(booked)
        self.shelf.put(charge)
        intent |= {
            "status": "succeeded",
            "amount_received": intent["amount"],
            "latest_charge": charge["id"],
            "last_payment_error": None,
        }
        self.shelf.put(intent)
        self.tell("charge.succeeded", charge)
        self.tell("payment_intent.succeeded", intent)

    def _fail(self, intent: Thing, error: dict[str, str]) -> None:
        charge = shapes.charge(intent, "failed", self.now)
        self.shelf.put(charge)
        intent |= {
            "status": "requires_payment_method",
            "last_payment_error": error,
            "latest_charge": charge["id"],
        }
        self.shelf.put(intent)
        self.tell("charge.failed", charge)
        self.tell("payment_intent.payment_failed", intent)

    def _gave_back(self, charge: Thing, amount: int) -> None:
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
        self.shelf.put(charge)
