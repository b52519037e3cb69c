"""What the review queue may be narrowed and ordered by: these and no others."""

from __future__ import annotations

from typing import Any

from django_filters import rest_framework as filters

from backend.worklist.models import Score
from backend.worklist.scoring import WEIGHTS
from backend.worklist.selectors import OPEN, ORDERS, SUBMITTED, TEACHING, Queue, in_order


class QueueFilter(filters.FilterSet):
    """`reason` and `least` leave out what one is blind for; `state` is "open" where nothing is said, "all" for both."""

    lab = filters.UUIDFilter(field_name="lab_id")
    dish = filters.UUIDFilter(field_name="stack__dish_id")
    stack = filters.UUIDFilter(field_name="stack_id")
    kind = filters.ChoiceFilter(choices=Score.Kind.choices)
    reason = filters.ChoiceFilter(choices=[(code, code) for code in WEIGHTS], method="for_reason", label="one of an item's reasons")
    least = filters.NumberFilter(field_name="shown_uncertainty", lookup_expr="gte", label="least score", min_value=0, max_value=1)
    state = filters.ChoiceFilter(choices=[(name, name) for name in (OPEN, SUBMITTED, "all")], method="in_state", label="of my reading")
    order = filters.ChoiceFilter(
        choices=[(name, name) for name in (*ORDERS, *TEACHING)], method="ordered", label="uncertain where nothing is said"
    )

    class Meta:
        model = Score
        fields: list[str] = []

    def for_reason(self, scores: Queue, name: str, value: str) -> Queue:  # noqa: ARG002 - django-filter's signature
        return scores.filter(is_hidden=False, codes__contains=f" {value} ")

    def in_state(self, scores: Queue, name: str, value: str) -> Queue:  # noqa: ARG002 - django-filter's signature
        return scores if value == "all" else scores.filter(is_submitted=value == SUBMITTED)

    def ordered(self, scores: Queue, name: str, value: str) -> Queue:  # noqa: ARG002 - django-filter's signature
        return in_order(scores, value)

    @property
    def qs(self) -> Any:
        scores = super().qs
        if not self.form.cleaned_data.get("state"):
            scores = scores.filter(is_submitted=False)
        return scores if self.form.cleaned_data.get("order") else in_order(scores, "uncertain")
