from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from backend.accounts.actor import actor_for
from backend.accounts.models import Lab
from backend.accounts.services import rename_lab
from backend.audit.models import Entry
from backend.core.changes import Change, changed
from tests.backend.conftest import ClientOf
from tests.cast import Cast


class RecordFull(Exception):
    pass


def refuse(**_: Any) -> None:
    raise RecordFull


@pytest.mark.django_db(transaction=True)
def test_a_change_that_cannot_be_recorded_does_not_happen(transactional_db: None) -> None:
    from tests.cast import make_cast

    cast = make_cast()
    changed.connect(refuse)
    try:
        with pytest.raises(RecordFull):
            rename_lab(actor=actor_for(cast.lab_admin), lab_id=cast.lab.id, name="Renamed")
    finally:
        changed.disconnect(refuse)
    assert Lab.objects.get(id=cast.lab.id).name == "North clinic"
    assert not Entry.objects.exists()


@transaction.atomic
def rename_and_take_back(cast: Cast) -> None:
    rename_lab(actor=actor_for(cast.lab_admin), lab_id=cast.lab.id, name="Renamed")
    raise RecordFull


def test_a_change_that_is_taken_back_takes_its_record_with_it(cast: Cast) -> None:
    with pytest.raises(RecordFull):
        rename_and_take_back(cast)
    assert not Entry.objects.exists()


def test_the_record_outlives_the_person_and_keeps_the_name(cast: Cast) -> None:
    rename_lab(actor=actor_for(cast.lab_admin), lab_id=cast.lab.id, name="Renamed")
    cast.lab_admin.delete()
    row = Entry.objects.get()
    assert (row.actor, row.actor_name) == (None, "lab admin")


def test_the_record_is_for_the_labs_admins_and_holds_no_other_labs_rows(cast: Cast, client_of: ClientOf) -> None:
    for number in range(3):
        changed.send(sender=Change, change=Change(cast.outsider, cast.other_lab.id, "lab.renamed", f"lab {number}"))
    rename_lab(actor=actor_for(cast.lab_admin), lab_id=cast.lab.id, name="Renamed")
    told = client_of(cast.lab_admin).get("/api/audit/", {"lab": str(cast.lab.id)}).json()
    assert told["count"] == 1
    assert told["results"][0]["after"] == {"name": "Renamed"}
    assert client_of(cast.outsider).get("/api/audit/", {"lab": str(cast.other_lab.id)}).json()["count"] == 3
    assert client_of(cast.lab_admin).get("/api/audit/").status_code == 400
