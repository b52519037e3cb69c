"""What lists of dishes and runs may be narrowed and ordered by: these fields and no others."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters

from backend.analysis.models import Run
from backend.analysis.selectors import DISH_STATES
from backend.imaging.models import Dish


class DishFilter(filters.FilterSet):
    lab = filters.UUIDFilter(field_name="lab_id")
    patient = filters.CharFilter(field_name="cycle__patient__code")
    search = filters.CharFilter(method="find", label="part of the dish's label, the patient's code or the cycle's label")
    state = filters.ChoiceFilter(choices=[(name, name) for name in DISH_STATES], method="in_state", label="of the latest run")
    ordering = filters.OrderingFilter(fields=[("created_at", "created_at"), ("label", "label")])

    class Meta:
        model = Dish
        fields: list[str] = []

    def find(self, dishes: QuerySet[Dish], name: str, value: str) -> QuerySet[Dish]:  # noqa: ARG002 - django-filter's signature
        return dishes.filter(Q(label__icontains=value) | Q(cycle__patient__code__icontains=value) | Q(cycle__label__icontains=value))

    def in_state(self, dishes: QuerySet[Dish], name: str, value: str) -> QuerySet[Dish]:  # noqa: ARG002 - django-filter's signature
        return dishes.filter(DISH_STATES[value])

    @property
    def qs(self) -> Any:
        # Two dishes may share a label or a moment: pages need one order.
        dishes = super().qs
        return dishes.order_by(*(dishes.query.order_by or ("-created_at",)), "id")


class RunFilter(filters.FilterSet):
    lab = filters.UUIDFilter(field_name="stack__lab_id")
    dish = filters.UUIDFilter(field_name="stack__dish_id")
    stack = filters.UUIDFilter(field_name="stack_id")
    state = filters.MultipleChoiceFilter(choices=Run.State.choices)

    class Meta:
        model = Run
        fields: list[str] = []
