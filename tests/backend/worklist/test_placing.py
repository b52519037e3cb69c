from __future__ import annotations

import math

import pytest

from backend.analysis.models import KeyFrame, Placements
from backend.worklist.placing import Boxes
from tests.backend.worklist.rows import Recorded
from tests.cast import Cast


def test_a_box_goes_with_the_dish_from_its_key_frame_on(cast: Cast) -> None:
    recorded = Recorded(cast.lab).well((0, 0), "embryo", 0.9)
    KeyFrame.objects.create(run=recorded.run, frame_index=20, wells=[{"row": 0, "column": 0, "box": [200, 0, 300, 100]}])
    still, moved, turned = (1.0, 0.0, 0.0, 0.0, 1, 0), (2.0, 0.0, 5.0, -5.0, 1, 0), (1.0, math.pi / 2, 0.0, 0.0, 1, 0)
    Placements.objects.create(run=recorded.run, first_frame=0, frames=2, rows=[still, moved])
    Placements.objects.create(run=recorded.run, first_frame=20, frames=2, rows=[still, turned])
    boxes = Boxes(recorded.run)
    assert boxes.box(0, 0, 0) == [0, 0, 80, 80]
    assert boxes.box(0, 0, 1) == [5, -5, 165, 155]
    assert boxes.box(0, 0, 20) == [200, 0, 300, 100]
    assert boxes.box(0, 0, 21) == pytest.approx([-100, 200, 0, 300])


def test_a_frame_without_placement_shows_the_box_of_its_key_frame_and_an_unknown_well_none(cast: Cast) -> None:
    boxes = Boxes(Recorded(cast.lab).well((0, 0), "embryo", 0.9).run)
    assert boxes.box(0, 0, 7) == [0, 0, 80, 80]
    assert boxes.box(5, 5, 7) is None
