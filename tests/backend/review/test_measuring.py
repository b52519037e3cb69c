"""Measurements: reckoned by the server from their points, in micrometres where the lab has said how far its wells lie apart."""

from __future__ import annotations

import math
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.analysis.models import KeyFrame, Run
from backend.audit.models import Entry
from backend.imaging.models import Stack
from backend.live.models import LoggedEvent
from backend.live.topics import lab_topic
from backend.review.measuring import crosses_itself, size_of
from backend.review.models import Reading, Verdict
from backend.review.selectors import content_of
from tests.backend.conftest import ClientOf
from tests.backend.review.dish import change, make_stack, patch, read_by_the_machine, write
from tests.cast import Cast

SIDE = 90
LINE = {"kind": "line", "frame_index": 9, "plane": 0, "points": [[10, 10], [40, 50]], "label": "zona"}
CIRCLE = {"kind": "circle", "frame_index": 9, "plane": 0, "points": [[100, 100], [130, 140]], "label": ""}
SQUARE = {"kind": "polygon", "frame_index": 9, "plane": 0, "points": [[0, 0], [10, 0], [10, 20], [0, 20]], "label": ""}


def lay(run: Run, rows: int, columns: int, step: tuple[float, float], turn: float = 0.0, frame: int = 0, **fields: Any) -> None:
    """Wells on a lattice of these steps in pixels, turned by so many radians."""
    wells = []
    for row in range(rows):
        for column in range(columns):
            x, y = column * step[0], row * step[1]
            x, y = x * math.cos(turn) - y * math.sin(turn) + 200, x * math.sin(turn) + y * math.cos(turn) + 200
            box = [x - SIDE / 2, y - SIDE / 2, x + SIDE / 2, y + SIDE / 2]
            name = f"{chr(ord('A') + row)}{column + 1}"
            wells.append({"row": row, "column": column, "name": name, "box": box, "is_filled_in": False})
    KeyFrame.objects.create(run=run, frame_index=frame, wells=wells, layout=f"{rows}x{columns}", **fields)
    Run.objects.filter(id=run.id).update(layout=f"{rows}x{columns}")


def enter(admin: APIClient, lab: Any, layouts: dict[str, Any], version: int = 0) -> Any:
    return admin.patch(f"/api/labs/{lab.id}/dish-geometry/", {"layouts": layouts}, headers={"If-Match": f'"{version}"'})


def calibration(client: APIClient, stack: Stack) -> Any:
    answer = client.get(f"/api/stacks/{stack.id}/calibration/")
    assert answer.status_code == 200, answer.data
    return answer.json()


@pytest.fixture
def admin(client_of: ClientOf, cast: Cast) -> APIClient:
    return client_of(cast.lab_admin)


@pytest.fixture
def run(cast: Cast) -> Run:
    """A dish of 3x3 wells, 200 px from one to the next across and 210 down."""
    run = read_by_the_machine(make_stack(cast.lab))
    lay(run, 3, 3, (200, 210))
    return run


def test_lengths_and_areas_are_those_of_the_school_book() -> None:
    assert size_of(LINE).length == 50
    circle = size_of(CIRCLE)
    assert (circle.length, circle.area) == (100, pytest.approx(math.pi * 2500, abs=0.01))
    square = size_of(SQUARE, (2.0, 0.5))
    assert (square.length, square.area) == (2 * (20 + 10), 200)


@pytest.mark.parametrize(
    ("points", "crosses"),
    [([[0, 0], [9, 0], [9, 9]], False), ([[0, 0], [9, 9], [9, 0], [0, 9]], True), ([[0, 0], [9, 0], [4, 4], [9, 9], [0, 9]], False)],
)
def test_an_outline_that_crosses_itself_is_seen(points: list[list[float]], crosses: bool) -> None:
    assert crosses_itself(points) is crosses


def test_without_a_pitch_only_pixels_are_told_and_why(run: Run, embryologist_client: APIClient) -> None:
    told = calibration(embryologist_client, run.stack)
    assert (told["missing"], told["layout"], told["um_per_px_x"], told["kept"]) == ("no_pitch", "3x3", None, None)
    line = write(embryologist_client, run.stack, [change("measurements.m1", LINE)])["measurements"]["m1"]
    assert (line["px"], line["um"], line["calibration"]) == (50, None, None)


def test_the_wells_neighbours_tell_how_long_a_pixel_is_across_and_down(
    run: Run, admin: APIClient, embryologist_client: APIClient, cast: Cast
) -> None:
    assert enter(admin, cast.lab, {"3x3": {"pitch_um": 420, "well_um": 200}}).status_code == 200
    told = calibration(embryologist_client, run.stack)
    assert (told["um_per_px_x"], told["um_per_px_y"], told["missing"], told["basis"]) == (2.1, 2.0, "", "pitch")
    assert (told["px_per_pitch_x"], told["px_per_pitch_y"], told["pairs_x"], told["pairs_y"]) == (200, 210, 6, 6)
    assert {"A1-A2", "A1-B1", "B3-C3"} <= set(told["between"])
    assert (told["entered_by"], told["run"], told["is_even"]) == (cast.lab_admin.name, str(run.id), True)
    assert told["well_um_found"] == pytest.approx(SIDE * 2.05)


def test_what_it_measures_is_reckoned_from_the_points_and_never_believed(
    run: Run, admin: APIClient, embryologist_client: APIClient, cast: Cast
) -> None:
    enter(admin, cast.lab, {"3x3": {"pitch_um": 420}})
    lie = LINE | {"um": 9999.0, "um2": 1.0, "px": 3, "calibration": {"um_per_px_x": 77}}
    told = write(embryologist_client, run.stack, [change("measurements.m1", lie), change("measurements.m2", SQUARE)])["measurements"]
    assert told["m1"]["um"] == pytest.approx(math.hypot(30 * 2.1, 40 * 2.0), abs=0.01)
    assert (told["m1"]["um2"], told["m1"]["px"]) == (None, 50)
    assert (told["m2"]["um"], told["m2"]["um2"]) == (pytest.approx(2 * (21 + 40)), pytest.approx(21 * 40))
    assert told["m1"]["calibration"]["pitch_um"] == 420
    assert told["m1"]["calibration"]["run"] == str(run.id)
    kept = Verdict.objects.get(field="measurements.m1").after
    assert (kept["um"], "px" in kept, "hours_post_insemination" in kept) == (told["m1"]["um"], False, False)


def test_a_later_pitch_changes_what_was_measured_only_when_it_is_measured_anew(
    run: Run, admin: APIClient, embryologist_client: APIClient, cast: Cast
) -> None:
    enter(admin, cast.lab, {"3x3": {"pitch_um": 420}})
    first = write(embryologist_client, run.stack, [change("measurements.m1", SQUARE)])
    enter(admin, cast.lab, {"3x3": {"pitch_um": 840}}, version=1)
    reading = embryologist_client.get(f"/api/readings/{run.stack_id}/A1/").json()
    assert reading["measurements"] == first["measurements"]
    again = write(embryologist_client, run.stack, [change("measurements.m1", reading["measurements"]["m1"])], version=1)
    assert again["measurements"]["m1"]["um2"] == pytest.approx(4 * 21 * 40)
    assert again["version"] == 2


def test_a_turned_dish_measures_alike(run: Run, admin: APIClient, embryologist_client: APIClient, cast: Cast) -> None:
    KeyFrame.objects.all().delete()
    enter(admin, cast.lab, {"3x3": {"pitch_um": 400}})
    for turn in (0.2, math.pi / 4, math.pi / 2):
        KeyFrame.objects.all().delete()
        lay(run, 3, 3, (200, 200), turn)
        told = calibration(embryologist_client, run.stack)
        assert (told["um_per_px_x"], told["um_per_px_y"]) == (pytest.approx(2.0, abs=1e-4), pytest.approx(2.0, abs=1e-4)), turn


def test_one_row_alone_tells_both_axes(run: Run, admin: APIClient, embryologist_client: APIClient, cast: Cast) -> None:
    KeyFrame.objects.all().delete()
    lay(run, 1, 3, (200, 0))
    enter(admin, cast.lab, {"1x3": {"pitch_um": 300}})
    told = calibration(embryologist_client, run.stack)
    assert (told["um_per_px_x"], told["um_per_px_y"], told["px_per_pitch_y"]) == (1.5, 1.5, None)


def test_one_well_alone_measures_by_its_own_diameter(run: Run, admin: APIClient, embryologist_client: APIClient, cast: Cast) -> None:
    KeyFrame.objects.all().delete()
    lay(run, 1, 1, (200, 0))
    enter(admin, cast.lab, {"1x1": {"pitch_um": 300}})
    assert calibration(embryologist_client, run.stack)["missing"] == "no_wells"
    enter(admin, cast.lab, {"1x1": {"pitch_um": 300, "well_um": 270}}, version=1)
    told = calibration(embryologist_client, run.stack)
    assert (told["basis"], told["um_per_px_x"], told["kept"]["well_um"], told["kept"]["pitch_um"]) == ("well", 3.0, 270, None)


def test_one_well_found_wrongly_does_not_bend_the_measure(run: Run, admin: APIClient, embryologist_client: APIClient, cast: Cast) -> None:
    enter(admin, cast.lab, {"3x3": {"pitch_um": 420}})
    wells = KeyFrame.objects.get(run=run).wells
    wells[4]["box"] = [0, 0, SIDE, SIDE]
    KeyFrame.objects.filter(run=run).update(wells=wells)
    assert calibration(embryologist_client, run.stack)["um_per_px_x"] == 2.1
    KeyFrame.objects.filter(run=run).update(is_lattice_consistent=False)
    assert calibration(embryologist_client, run.stack)["missing"] == "no_wells"


def test_boxes_that_people_drew_measure_where_the_machine_saw_nothing(
    run: Run, admin: APIClient, embryologist_client: APIClient, cast: Cast
) -> None:
    stack = make_stack(cast.lab, "by hand")
    enter(admin, cast.lab, {"1x2": {"pitch_um": 200}})
    drawn = [change("layout", "1x2")]
    for place, x in (("A1", 10), ("A2", 110)):
        box = {"frame_index": 0, "box": [x, 10, x + 80, 90]}
        drawn += [change(f"wells.{place}.is_added", True), change(f"wells.{place}.box", box)]
    assert patch(embryologist_client, f"/api/stacks/{stack.id}/corrections/", 0, drawn).status_code == 200
    told = calibration(embryologist_client, stack)
    assert (told["um_per_px_x"], told["run"], told["between"]) == (2.0, None, ["A1-A2"])


def test_what_a_lab_enters_is_recorded_announced_and_only_an_admins_to_change(
    run: Run, admin: APIClient, embryologist_client: APIClient, cast: Cast
) -> None:
    assert enter(embryologist_client, cast.lab, {"3x3": {"pitch_um": 420}}).status_code == 403
    told = enter(admin, cast.lab, {"3x3": {"pitch_um": 420}, "4x3": {"pitch_um": 450, "well_um": 200}})
    assert (told.headers["ETag"], sorted(told.json()["layouts"])) == ('"1"', ["3x3", "4x3"])
    assert told.json()["layouts"]["3x3"]["by_name"] == cast.lab_admin.name
    assert enter(admin, cast.lab, {"4x3": None, "3x3": {"pitch_um": 420, "well_um": None}}, version=1).json()["layouts"].keys() == {"3x3"}
    entry = Entry.objects.filter(action="dish_geometry.changed").order_by("id").last()
    assert entry is not None
    assert (entry.before, entry.after) == ({"4x3": {"pitch_um": 450, "well_um": 200}}, {"4x3": None})
    assert LoggedEvent.objects.filter(topic=lab_topic(cast.lab.id), type="dish_geometry.changed").count() == 2
    late = enter(admin, cast.lab, {"3x3": None}, version=1)
    assert (late.status_code, late.data["current"]["version"]) == (412, 2)


@pytest.mark.parametrize(
    "layouts", [{}, {"3 by 3": {"pitch_um": 420}}, {"3x3": {"pitch_um": 0.42}}, {"3x3": {"pitch_um": 420, "well_um": 500}}]
)
def test_figures_that_cannot_be_are_refused(layouts: dict[str, Any], admin: APIClient, cast: Cast) -> None:
    assert enter(admin, cast.lab, layouts).status_code == 400


def test_measurements_and_their_calibration_are_part_of_what_is_signed(
    run: Run, admin: APIClient, embryologist_client: APIClient, cast: Cast
) -> None:
    enter(admin, cast.lab, {"3x3": {"pitch_um": 420}})
    write(embryologist_client, run.stack, [change("measurements.m1", LINE)])
    signed = content_of(Reading.objects.get())
    assert signed["measurements"]["m1"]["calibration"]["pitch_um"] == 420
    assert "profile" not in signed
