from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from tests.backend.conftest import ClientOf
from tests.cast import Cast


@pytest.mark.parametrize("path", ["/api/", "/api/nothing/", "/api/labs/not-an-id/", "/media/frames/x", "/static/x.js", "/ws/live/", "/api"])
def test_an_address_that_does_not_exist_answers_in_the_shape_of_every_error(db: None, path: str) -> None:
    answer = APIClient().get(path)
    assert answer.status_code == 404
    assert answer.json().keys() == {"code", "detail", "hint"}


def test_the_errors_of_the_framework_have_the_shape_of_ours(cast: Cast, client_of: ClientOf) -> None:
    browser = client_of(cast.viewer)
    asked = {
        401: APIClient().get("/api/labs/"),
        405: browser.put("/api/labs/", {}),
        415: browser.post("/api/tokens/", "<xml/>", content_type="text/xml"),
        400: browser.post("/api/tokens/", "{not json", content_type="application/json"),
        404: browser.get("/api/labs/", {"page": 99}),
    }
    for status, answer in asked.items():
        assert answer.status_code == status
        assert {"code", "detail", "hint"} <= answer.json().keys(), answer.json()


def test_wrong_fields_are_named(cast: Cast, client_of: ClientOf) -> None:
    told = client_of(cast.viewer).post("/api/tokens/", {"name": "", "lab": "x", "scope": "all"}).json()
    assert told["code"] == "invalid"
    assert told["fields"].keys() == {"name", "lab", "scope"}


def test_a_page_of_a_list_is_never_larger_than_five_hundred(cast: Cast, client_of: ClientOf) -> None:
    told = client_of(cast.viewer).get("/api/labs/", {"page_size": 100000}).json()
    assert told.keys() == {"count", "next", "previous", "results"}
