"""Writes a lab's rules: its own, and those started from a published template without that template's thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from backend.accounts.actor import Actor
from backend.accounts.models import Role
from backend.audit.services import record
from backend.core.errors import Refused
from backend.core.versions import check_version
from backend.selection.models import RuleSet
from backend.selection.outcomes import Judged, judge
from backend.selection.rules import Rule, RuleError, bounds_of, check
from backend.selection.selectors import rule_of, rule_set_visible_to
from backend.selection.templates import TEMPLATES

MOST_RULES = 40
FIELDS = ("name", "source", "kind", "criteria", "grades", "is_on")


@transaction.atomic
def create_rule_set(*, actor: Actor, lab_id: UUID, template: str = "", **said: Any) -> RuleSet:
    """A rule of the lab, off; started from a template it has that template's criteria and none of its thresholds."""
    lab = actor.require(lab_id, Role.ADMIN)
    if RuleSet.objects.filter(lab=lab).count() >= MOST_RULES:
        raise Refused("too_many_rules", f"This lab has {MOST_RULES} rules already.", "Delete one that is not used.", http_status=409)
    facts = _from_template(template) | said if template else said
    rule_set = RuleSet(lab=lab, template=template, is_on=False, updated_at=timezone.now())
    for name in ("name", "source", "kind", "criteria", "grades"):
        if name in facts:
            setattr(rule_set, name, facts[name])
    if not (rule_set.name and rule_set.kind and rule_set.criteria):
        hint = "Name a template, or give `name`, `kind` and `criteria`."
        raise Refused("invalid_rule", "A rule needs a name, its kind and its criteria.", hint)
    _checked(rule_set)
    _save(rule_set)
    record(actor=actor.user, lab_id=lab.id, action="rules.created", subject=f"rule {rule_set.id}", after=_facts(rule_set))
    return rule_set


@transaction.atomic
def change_rule_set(*, actor: Actor, rule_id: UUID, version: int, changes: Mapping[str, Any]) -> RuleSet:
    """Change what is named; a rule is turned on only with every threshold entered. 412 where it has another version."""
    rule_set = _locked(actor, rule_id, version)
    before = _facts(rule_set)
    for name in FIELDS:
        if name in changes:
            setattr(rule_set, name, changes[name])
    rule = _checked(rule_set)
    if rule_set.is_on and not rule.is_complete:
        missing = [f"{place + 1} ({one.field})" for place, one in enumerate(rule.criteria) if not one.is_complete]
        raise Refused(
            "needs_thresholds",
            f"Criteria without a threshold: {', '.join(missing)}.",
            "Enter your lab's own thresholds, then turn the rule on.",
            http_status=409,
        )
    after = _facts(rule_set)
    if after == before:
        return rule_set
    rule_set.version += 1
    rule_set.updated_at = timezone.now()
    _save(rule_set)
    changed = [name for name in after if after[name] != before[name]]
    record(
        actor=actor.user,
        lab_id=rule_set.lab_id,
        action="rules.changed",
        subject=f"rule {rule_set.id}",
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )
    return rule_set


@transaction.atomic
def delete_rule_set(*, actor: Actor, rule_id: UUID, version: int) -> None:
    """Forget a rule; the record keeps what it was."""
    rule_set = _locked(actor, rule_id, version)
    record(actor=actor.user, lab_id=rule_set.lab_id, action="rules.deleted", subject=f"rule {rule_set.id}", before=_facts(rule_set))
    rule_set.delete()


@transaction.atomic
def validate_rule_set(*, actor: Actor, rule_id: UUID, endpoint: str) -> Judged:
    """Judge a rule on the lab's own outcomes, and keep on record that somebody did and what came of it."""
    rule_set = rule_set_visible_to(actor, rule_id)
    actor.require(rule_set.lab_id, Role.EMBRYOLOGIST)
    judged = judge(actor, rule_set, endpoint)
    facts = asdict(judged.validation)
    record(
        actor=actor.user,
        lab_id=rule_set.lab_id,
        action="rules.validated",
        subject=f"rule {rule_set.id}",
        after={"version": rule_set.version, "endpoint": endpoint} | {name: facts[name] for name in ("n", "positives", "auc")},
    )
    return judged


def _from_template(key: str) -> dict[str, Any]:
    template = TEMPLATES.get(key)
    if template is None:
        names = ", ".join(TEMPLATES)
        raise Refused("no_such_template", f"There is no template {key[:20]!r}.", f"These are there: {names}.")
    rule = template.emptied()
    return {"name": template.name, "source": template.source, **rule_json(rule)}


def rule_json(rule: Rule) -> dict[str, Any]:
    """The rule as `RuleSet` keeps it."""
    return {
        "kind": rule.kind,
        "criteria": [asdict(criterion) for criterion in rule.criteria],
        "grades": [{"name": grade.name, "needs": list(grade.needs)} for grade in rule.grades],
    }


def _checked(rule_set: RuleSet) -> Rule:
    for criterion in rule_set.criteria:
        # A threshold that the operator does not ask for would only mislead whoever reads the rule.
        criterion |= {bound: None for bound in ("low", "high") if bound not in bounds_of(criterion["operator"])}
    rule = rule_of(rule_set)
    try:
        check(rule)
    except RuleError as error:
        raise Refused("invalid_rule", str(error), f"Correct {error.field} and send the rule again.") from None
    return rule


def _locked(actor: Actor, rule_id: UUID, version: int) -> RuleSet:
    rule_set = rule_set_visible_to(actor, rule_id)
    actor.require(rule_set.lab_id, Role.ADMIN)
    locked = RuleSet.objects.select_for_update().filter(id=rule_id).first()
    if locked is None:
        raise Refused("not_found", "There is nothing here, or it belongs to another lab.", http_status=404)
    check_version(version, locked.version)
    return locked


def _save(rule_set: RuleSet) -> None:
    try:
        with transaction.atomic():
            rule_set.save()
    except IntegrityError:
        raise Refused("name_taken", f"This lab has a rule called {rule_set.name!r}.", "Give it another name.", http_status=409) from None


def _facts(rule_set: RuleSet) -> dict[str, Any]:
    return {name: getattr(rule_set, name) for name in FIELDS}
