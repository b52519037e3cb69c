from __future__ import annotations

from backend.accounts.models import ApiToken, Lab, Membership, Role
from backend.audit.models import Entry
from tests.backend.conftest import ClientOf
from tests.cast import Cast


def member_id(lab: Lab, user: object) -> str:
    return str(Membership.objects.get(lab=lab, user=user).id)


def test_everybody_sees_their_own_labs_with_their_own_role(cast: Cast, client_of: ClientOf) -> None:
    Membership.objects.create(user=cast.embryologist, lab=cast.other_lab, role=Role.VIEWER)
    told = client_of(cast.embryologist).get("/api/labs/").json()
    assert [(lab["name"], lab["role"]) for lab in told["results"]] == [("North clinic", "embryologist"), ("South clinic", "viewer")]
    assert [lab["name"] for lab in client_of(cast.viewer).get("/api/labs/").json()["results"]] == ["North clinic"]


def test_the_instance_admin_opens_labs_and_sees_nothing_of_the_others(cast: Cast, client_of: ClientOf) -> None:
    admin = client_of(cast.instance_admin)
    made = admin.post("/api/labs/", {"name": "East clinic"})
    assert (made.status_code, made.json()["role"]) == (201, "admin")
    assert [lab["name"] for lab in admin.get("/api/labs/").json()["results"]] == ["East clinic"]
    assert admin.get(f"/api/labs/{cast.lab.id}/members/").status_code == 404
    assert admin.post("/api/labs/", {"name": "East clinic"}).json()["fields"] == {"name": ["Another lab has this name."]}
    assert client_of(cast.lab_admin).post("/api/labs/", {"name": "West clinic"}).status_code == 403


def test_a_lab_admin_changes_roles_and_removes_members_and_it_is_recorded(cast: Cast, client_of: ClientOf) -> None:
    admin = client_of(cast.lab_admin)
    address = f"/api/labs/{cast.lab.id}/members/{member_id(cast.lab, cast.viewer)}/"
    assert admin.patch(address, {"role": "embryologist"}).json()["role"] == "embryologist"
    assert admin.delete(address).status_code == 204
    assert client_of(cast.viewer).get(f"/api/labs/{cast.lab.id}/members/").status_code == 404
    told = admin.get("/api/audit/", {"lab": str(cast.lab.id)}).json()["results"]
    assert [(row["action"], row["actor_name"]) for row in told] == [("member.removed", "lab admin"), ("member.role_changed", "lab admin")]
    assert (told[1]["before"], told[1]["after"]) == ({"role": "viewer"}, {"role": "embryologist"})


def test_the_last_admin_can_neither_go_nor_step_down(cast: Cast, client_of: ClientOf) -> None:
    admin = client_of(cast.lab_admin)
    address = f"/api/labs/{cast.lab.id}/members/{member_id(cast.lab, cast.lab_admin)}/"
    assert admin.patch(address, {"role": "viewer"}).json()["code"] == "last_admin"
    assert admin.delete(address).status_code == 409
    admin.patch(f"/api/labs/{cast.lab.id}/members/{member_id(cast.lab, cast.colleague)}/", {"role": "admin"})
    assert admin.patch(address, {"role": "viewer"}).status_code == 200


def test_members_of_another_lab_cannot_be_reached_through_ones_own(cast: Cast, client_of: ClientOf) -> None:
    outsider = client_of(cast.outsider)
    foreign = member_id(cast.lab, cast.viewer)
    assert outsider.delete(f"/api/labs/{cast.other_lab.id}/members/{foreign}/").status_code == 404
    assert outsider.delete(f"/api/labs/{cast.lab.id}/members/{foreign}/").status_code == 404
    assert Membership.objects.filter(id=foreign).exists()


def test_removing_a_member_ends_their_tokens_for_the_lab(cast: Cast, client_of: ClientOf, token_client) -> None:  # type: ignore[no-untyped-def]
    program = token_client(cast.colleague, cast.lab, "write")
    assert program.get("/api/labs/").status_code == 200
    client_of(cast.lab_admin).delete(f"/api/labs/{cast.lab.id}/members/{member_id(cast.lab, cast.colleague)}/")
    assert program.get("/api/labs/").status_code == 401
    assert not ApiToken.objects.exists()


def test_renaming_a_lab_is_for_its_admins_and_recorded_with_both_names(cast: Cast, client_of: ClientOf) -> None:
    assert client_of(cast.embryologist).patch(f"/api/labs/{cast.lab.id}/", {"name": "x"}).status_code == 403
    assert client_of(cast.lab_admin).patch(f"/api/labs/{cast.lab.id}/", {"name": "North"}).json()["name"] == "North"
    row = Entry.objects.get(action="lab.renamed")
    assert (row.before, row.after) == ({"name": "North clinic"}, {"name": "North"})
    taken = client_of(cast.lab_admin).patch(f"/api/labs/{cast.lab.id}/", {"name": "South clinic"})
    assert (taken.status_code, list(taken.json()["fields"])) == (400, ["name"])
