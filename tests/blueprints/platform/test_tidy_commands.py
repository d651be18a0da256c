"""What has served its time is forgotten, what is still wanted is not."""

from __future__ import annotations

import datetime

from flask import Flask
from sqlalchemy import select

from blueprints.cases.models import CaseUpload
from blueprints.cases.uploads import KEPT_FOR
from blueprints.platform.tidy_commands import forget_expired
from saas.clock import now
from saas.database import db
from saas.files import store
from saas.ids import new_id
from saas.scope import unit_of_work
from tests.cast import add_user, make_utility


def test_files_of_forms_that_nobody_sent_are_forgotten(app: Flask) -> None:
    tenant, moment = make_utility(), now()
    with app.app_context(), unit_of_work(tenant.id):
        user = add_user("a@example.com")
        for name, age in (("old", KEPT_FOR + datetime.timedelta(minutes=1)), ("new", datetime.timedelta())):
            db.session.add(
                CaseUpload(
                    id=new_id(),
                    form_key=name,
                    user_id=user,
                    file_id=store(b"%PDF-", media_type="application/pdf", name=name, purpose="case"),
                    name=name,
                    media_type="application/pdf",
                    size=5,
                    sha256="0" * 64,
                    created_at=moment - age,
                )
            )
        db.session.flush()
        assert forget_expired(moment) == 1
        assert db.session.execute(select(CaseUpload.name)).scalars().all() == ["new"]
