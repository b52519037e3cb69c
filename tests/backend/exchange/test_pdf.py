"""Reports on paper: what the page shows, in both languages, with pictures and with where it comes from."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from pypdf import PdfReader
from rest_framework.test import APIClient

from backend.accounts.actor import Actor, actor_for
from backend.analysis.models import Run
from backend.audit.models import Entry
from backend.imaging.models import Dish
from tests.backend.exchange.conftest import Get, text_of
from tests.backend.exchange.dishes import ONSETS
from tests.cast import Cast


def images_in(pdf: bytes) -> int:
    return sum(len(page.images) for page in PdfReader(io.BytesIO(pdf)).pages)


@pytest.mark.parametrize(("language", "point"), [("en", "."), ("ru", ",")])
def test_a_report_holds_the_figures_that_the_page_has(
    language: str, point: str, get: Get, run: Run, read: Callable[..., None], actor: Actor, embryologist_client: APIClient
) -> None:
    read(actor, onsets__t2={"frame_index": 5, "source": "own"}, grades__icm="B")
    shown = embryologist_client.get(f"/api/stacks/{run.stack_id}/effective/").data
    (embryo,) = [one for one in shown if one["place"] == "A1"]
    text = text_of(get("pdf", "A1", language=language).content)
    assert set(embryo["onsets"]) == set(ONSETS)
    for phase, onset in embryo["onsets"].items():
        hours = f"{onset['hours_post_insemination']:.1f}".replace(".", point)
        assert f"{phase} {hours} {onset['frame_index'] + 1}" in text
        if onset["source"] == "machine":
            bounds = f"{onset['low']:.1f} – {onset['high']:.1f}".replace(".", point)
            assert f"{phase} {hours} {onset['frame_index'] + 1} {bounds} 91 %" in text


def test_a_russian_report_is_written_in_cyrillic_letters(get: Get) -> None:
    text = text_of(get("pdf", language="ru").content)
    for words in ("Отчёт о чашке D1", "Начала фаз", "Прямое дробление 1 → 3", "машина", "Только для исследований", "страница 1 из"):
        assert words in text
    assert "Report" not in text


def test_without_a_language_a_report_is_in_the_persons_own(get: Get, cast: Cast) -> None:
    cast.embryologist.language = "ru"
    cast.embryologist.save()
    assert "Отчёт об эмбрионе B2" in text_of(get("pdf", "B2").content)
    assert "Report on embryo B2" in text_of(get("pdf", "B2", language="en").content)


def test_the_overview_writes_the_grades_of_a_blastocyst_as_people_do(get: Get, read: Callable[..., None], actor: Actor) -> None:
    read(actor, grades__te="B", grades__fragmentation="mild", grades__icm="A", grades__expansion=4)
    text = text_of(get("pdf", language="en").content)
    assert "4AB, mild" in text
    assert "Expansion: 4" in text
    assert text.index("Expansion: 4") < text.index("Inner cell mass: A") < text.index("Fragmentation: mild")


def test_human_values_are_told_apart_from_the_machines_and_name_who_gave_them(get: Get, read: Callable[..., None], actor: Actor) -> None:
    read(actor, onsets__t2={"frame_index": 6, "source": "own"})
    text = text_of(get("pdf", "A1", language="en").content)
    assert f"t2 23.0 7 – – human: {actor.user.name}" in text
    assert "t4 27.0 15 26.3 – 27.4 91 % machine" in text
    assert "cc2 2.0" in text, "an interval follows the onset that a person moved"


def test_a_report_names_the_weights_their_hashes_the_code_and_its_limits(get: Get) -> None:
    text = text_of(get("pdf", language="en").content)
    for words in ("wells-1", "a" * 64, "stages-1", "b" * 64, "1.2.3", "Research use only"):
        assert words.replace(" ", "") in text.replace(" ", "")


def test_every_key_onset_has_its_picture(get: Get) -> None:
    assert images_in(get("pdf", "A1").content) == len({"t2", "t4", "t8", "tM", "tB"})


def test_a_report_whose_pictures_cannot_be_had_is_written_and_says_so(get: Get, settings: Any) -> None:
    settings.REPORT_PICTURES_S = 0
    answer = get("pdf", "A1", language="en")
    assert images_in(answer.content) == 0
    assert text_of(answer.content).count("picture not available") == 5


def test_a_report_that_must_be_complete_is_asked_for_again_until_it_is(dish: Dish, embryologist_client: APIClient, settings: Any) -> None:
    settings.REPORT_PICTURES_S = 0
    asked = {"complete": "true", "language": "en"}
    answer = embryologist_client.get(f"/api/dishes/{dish.id}/embryos/A1/report.pdf", asked)
    assert (answer.status_code, answer.json()) == (202, {"done": 0, "wanted": 5})
    assert not Entry.objects.filter(action="report.exported").exists(), "nothing left the product yet"
    settings.REPORT_PICTURES_S = 60
    answer = embryologist_client.get(f"/api/dishes/{dish.id}/embryos/A1/report.pdf", asked)
    assert (answer.status_code, images_in(answer.content)) == (200, 5)


def test_a_picture_that_can_never_be_had_is_not_waited_for(dish: Dish, run: Run, embryologist_client: APIClient) -> None:
    run.stack.sha256 = "f" * 64
    run.stack.save()
    assert embryologist_client.get(f"/api/dishes/{dish.id}/embryos/A1/report.pdf", {"complete": "true"}).status_code == 200


def test_a_lost_recording_costs_a_report_its_pictures_only(get: Get, run: Run) -> None:
    run.stack.sha256 = "f" * 64
    run.stack.save()
    text = text_of(get("pdf", "A1", language="en").content)
    assert "picture not available" in text
    assert "t2 22.0 5" in text


def test_what_people_typed_is_text_and_never_markup(get: Get, dish: Dish) -> None:
    dish.label = 'D <img src="http://127.0.0.1/x"/> <b>& Ж'
    dish.save()
    assert 'Dish D <img src="http://127.0.0.1/x"/> <b>& Ж' in text_of(get("pdf", language="en").content)


def test_a_report_on_a_dish_tells_of_each_embryo_and_of_wells_without_one(get: Get) -> None:
    text = text_of(get("pdf", language="en").content)
    for place in ("A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2"):
        assert f"D1, embryo {place}" in text or f"Embryo {place}" in text
    assert "Wells without an embryo: C3 (empty)." in text


def test_a_cycle_has_a_report_on_all_its_dishes(dish: Dish, embryologist_client: APIClient) -> None:
    other = Dish.objects.create(lab=dish.lab, cycle=dish.cycle, label="D2")
    answer = embryologist_client.get(f"/api/cycles/{dish.cycle_id}/report.pdf", {"language": "en"})
    text = text_of(answer.content)
    assert "Report on cycle C1" in text
    assert f"Dish {other.label}" in text
    assert "This dish has no recording yet." in text


def test_a_colleague_reads_who_said_what(get: Get, read: Callable[..., None], cast: Cast, client_of: Any) -> None:
    read(actor_for(cast.colleague), grades__te="C")
    text = text_of(get("pdf", "A1", client=client_of(cast.viewer), language="en").content)
    assert f"Trophectoderm: C ({cast.colleague.name})" in text
    assert f"{cast.colleague.name} submitted" in text
    assert "not signed" in text
