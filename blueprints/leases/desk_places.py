"""Properties at the desk: find one, see who lives there and who did, mend its data."""

from __future__ import annotations

import uuid

from flask import Response, g, redirect, request, url_for
from flask_babel import gettext as _

from blueprints.leases import desk_queries as queries
from blueprints.leases import place_queries, words
from blueprints.leases.desk_blueprint import Answer, asked, pages, say
from blueprints.leases.desk_files import properties_file
from blueprints.leases.place_forms import PlaceForm
from blueprints.leases.places import PlaceData, change_place
from saas.permissions import allow
from tenants import roles
from tenants.exports import wanted
from tenants.look import render


@pages.get("/properties")
@allow(roles.LEASES)
def properties() -> str | Response:
    question = asked("q")
    if (file := wanted()) is not None:
        return properties_file(file, question)
    return render(
        "leases/desk/properties.html",
        page=place_queries.properties(question, request.args.get("after")),
        question=question,
        later="after" in request.args,
    )


@pages.get("/properties/<uuid:property_id>")
@allow(roles.LEASES)
def property(property_id: uuid.UUID) -> str:
    row = place_queries.place(property_id)
    found = queries.leases(queries.Narrowed(property_id=property_id), None, g.tenant.today())
    return render("leases/desk/property.html", place=row, page=found, words=words)


@pages.get("/properties/<uuid:property_id>/change")
@allow(roles.LEASES)
def ask_to_change_property(property_id: uuid.UUID) -> str:
    row = place_queries.place(property_id)
    return render("leases/desk/property_change.html", place=row, form=PlaceForm(formdata=None, obj=row))


@pages.post("/properties/<uuid:property_id>/change")
@allow(roles.LEASES)
def change_property(property_id: uuid.UUID) -> Answer:
    row, form = place_queries.place(property_id), PlaceForm()
    if not form.validate():
        return render("leases/desk/property_change.html", place=row, form=form), 422
    data = PlaceData(form.kind.data or "", form.address.data, form.city.data or "", form.stratum.data)
    change_place(property_id, data, actor=g.viewer.actor())
    say(_("The property is changed."))
    return redirect(url_for("leases_desk.property", property_id=property_id), 303)
