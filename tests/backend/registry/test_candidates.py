"""What a lab's own recordings taught: beside the weights in use, never in their place, and nobody else's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from backend.core.errors import Refused
from backend.registry.models import Weights
from backend.registry.selectors import active_weights
from backend.registry.services import register_candidate, scan_weights
from tests.backend.conftest import ClientOf
from tests.backend.registry.test_scanning import make_weights, standing
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shipped(settings: Any, tmp_path: Path) -> None:
    settings.WEIGHTS_DIR = tmp_path / "shipped"
    settings.WEIGHTS_DIR.mkdir()


@pytest.fixture
def candidate(cast: Cast, tmp_path: Path) -> Weights:
    folder = make_weights(tmp_path / "taught", "lab", b"of the lab", task="stages")
    return register_candidate(folder=folder, lab=cast.lab, by=cast.lab_admin)


def test_a_candidate_is_never_put_into_use_even_where_nothing_else_is(candidate: Weights) -> None:
    for _ in range(2):
        scan_weights()
        candidate.refresh_from_db()
        assert standing(candidate) == ("candidate", "")
        with pytest.raises(Refused):
            active_weights("stages")


def test_the_database_itself_keeps_shipped_weights_from_being_candidates(candidate: Weights) -> None:
    for state in ("candidate", "retired"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Weights.objects.filter(id=candidate.id).update(lab=None, state=state)


def test_a_candidate_that_was_changed_or_is_gone_is_unusable_with_the_reason_and_comes_back(candidate: Weights) -> None:
    file = Path(candidate.folder) / "weights.onnx"
    file.write_bytes(b"something else")
    scan_weights()
    candidate.refresh_from_db()
    assert candidate.state == "unusable"
    assert "not the one of the manifest" in candidate.reason
    shutil.move(candidate.folder, f"{candidate.folder}-aside")
    scan_weights()
    candidate.refresh_from_db()
    assert standing(candidate) == ("unusable", "The weights folder is no longer there.")
    shutil.move(f"{candidate.folder}-aside", candidate.folder)
    file.write_bytes(b"of the lab")
    scan_weights()
    candidate.refresh_from_db()
    assert standing(candidate) == ("candidate", "")


def test_the_same_file_twice_is_one_candidate_and_may_be_another_labs_too(candidate: Weights, cast: Cast) -> None:
    again = register_candidate(folder=Path(candidate.folder), lab=cast.lab, by=None)
    theirs = register_candidate(folder=Path(candidate.folder), lab=cast.other_lab, by=None)
    assert again.id == candidate.id
    assert theirs.id != candidate.id


def test_what_does_not_verify_does_not_become_a_candidate(cast: Cast, tmp_path: Path) -> None:
    folder = make_weights(tmp_path / "taught", "bad", sha256="0" * 64, task="stages")
    with pytest.raises(Refused) as refused:
        register_candidate(folder=folder, lab=cast.lab, by=None)
    assert refused.value.code == "weights_unusable"


def test_only_members_of_the_lab_see_its_candidate(candidate: Weights, cast: Cast, client_of: ClientOf, settings: Any) -> None:
    make_weights(settings.WEIGHTS_DIR, "shipped", b"shipped")
    scan_weights()
    seen = {
        role: [weights["name"] for weights in client_of(getattr(cast, role)).get("/api/weights/").json()]
        for role in ("viewer", "lab_admin", "outsider", "instance_admin")
    }
    assert seen == {
        "viewer": ["lab", "shipped"],
        "lab_admin": ["lab", "shipped"],
        "outsider": ["shipped"],
        "instance_admin": ["shipped"],
    }
