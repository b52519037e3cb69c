"""Who gets what from every route: one line a route and method, one status a role. A route without a line fails the tests.

The two tokens belong to the embryologist. 401: nobody is signed in. 403: a member whose role, or token whose scope, is too low.
404: another lab's things, which look as if they did not exist. 409 and 410 are answers about the thing, to somebody who may ask.
"""

from __future__ import annotations

ROLES = ("signed_out", "viewer", "embryologist", "lab_admin", "outsider", "instance_admin", "read_token", "write_token")
LAB = "api/labs/<uuid:lab_id>/"
STACK = "api/stacks/<uuid:stack_id>/"
RUN = "api/runs/<uuid:run_id>/"
DISH = "api/dishes/<uuid:dish_id>/"
READING = "api/readings/<uuid:stack_id>/<str:place>/"
DATA_SET = "api/data-sets/<uuid:data_set_id>/"
UPLOAD = "api/uploads/<uuid:upload_id>"
FRAME = "media/frames/<uuid:stack_id>/<slug:sha16>/<int:index>-<int:plane>-<int:width>.jpg"

# fmt: off
#                                                            out viewer embr admin outs inst read write
EXPECTED: dict[tuple[str, str], str] = {
    ("GET", "healthz"):                                     "200 200 200 200 200 200 200 200",
    ("GET", "readyz"):                                      "200 200 200 200 200 200 200 200",
    # Guarded by a token of its own, and here by the address: see test_metrics.
    ("GET", "metrics"):                                     "200 200 200 200 200 200 200 200",
    ("GET", "page"):                                        "200 200 200 200 200 200 200 200",
    ("GET", "api/schema/"):                                 "401 200 200 200 200 200 200 200",

    # Sessions; a token has none, and is not let in by these doors.
    ("GET", "api/session/"):                                "200 200 200 200 200 200 200 200",
    ("POST", "api/session/"):                               "200 200 200 200 200 200 200 200",
    ("DELETE", "api/session/"):                             "204 204 204 204 204 204 204 204",
    ("POST", "api/session/step-up/"):                       "401 200 200 200 200 200 403 403",
    ("POST", "api/setup/"):                                 "410 410 410 410 410 410 410 410",
    ("POST", "api/invitations/accept/"):                    "410 410 410 410 410 410 410 410",

    # One's own account: in person only.
    ("PATCH", "api/me/"):                                   "401 200 200 200 200 200 403 403",
    ("POST", "api/me/password/"):                           "401 204 204 204 204 204 403 403",
    ("GET", "api/tokens/"):                                 "401 200 200 200 200 200 403 403",
    ("POST", "api/tokens/"):                                "401 201 201 201 404 404 403 403",
    ("DELETE", "api/tokens/<uuid:token_id>/"):              "401 404 204 404 404 404 403 403",

    # Labs and their people.
    ("GET", "api/labs/"):                                   "401 200 200 200 200 200 200 200",
    ("POST", "api/labs/"):                                  "401 403 403 403 403 201 403 403",
    ("PATCH", LAB):                                         "401 403 403 200 404 404 403 403",
    ("GET", LAB + "members/"):                              "401 200 200 200 404 404 403 403",
    ("PATCH", LAB + "members/<uuid:member_id>/"):           "401 403 403 200 404 404 403 403",
    ("DELETE", LAB + "members/<uuid:member_id>/"):          "401 403 403 204 404 404 403 403",
    ("GET", LAB + "invitations/"):                          "401 403 403 200 404 404 403 403",
    ("POST", LAB + "invitations/"):                         "401 403 403 201 404 404 403 403",
    ("DELETE", LAB + "invitations/<uuid:invitation_id>/"):  "401 403 403 204 404 404 403 403",
    ("GET", "api/audit/"):                                  "401 403 403 200 404 404 403 403",
    ("GET", "api/audit/chain/"):                            "401 403 403 200 404 404 403 403",
    ("GET", "api/audit/choices/"):                          "401 403 403 200 404 404 403 403",

    # Shipped weights belong to the installation, what a lab's recordings taught to the lab.
    ("GET", "api/weights/"):                                "401 200 200 200 404 404 200 200",
    ("GET", "api/weights/<uuid:weights_id>/"):               "401 200 200 200 404 404 200 200",
    ("POST", "api/weights/<uuid:weights_id>/retire/"):       "401 403 403 200 404 404 403 403",
    ("GET", LAB + "uses/"):                                 "401 200 200 200 404 404 200 200",
    ("POST", LAB + "uses/"):                                "401 403 403 201 404 404 403 403",
    ("POST", LAB + "uses/roll-back/"):                      "401 403 403 201 404 404 403 403",
    ("POST", "api/uses/<uuid:use_id>/confirm/"):             "401 403 403 200 404 404 403 403",
    ("POST", "api/uses/<uuid:use_id>/withdraw/"):            "401 403 403 200 404 404 403 403",
    ("GET", LAB + "detector-settings/"):                    "401 200 200 200 404 404 200 200",
    ("PATCH", LAB + "detector-settings/"):                  "401 403 403 200 404 404 403 403",
    ("GET", "api/weights/<uuid:weights_id>/checks/"):        "401 200 200 200 404 404 200 200",
    ("POST", "api/weights/<uuid:weights_id>/checks/"):       "401 403 403 200 404 404 403 403",
    ("GET", "api/checks/<uuid:check_id>/"):                 "401 200 200 200 404 404 200 200",
    ("POST", "api/checks/<uuid:check_id>/cancel/"):         "401 403 403 200 404 404 403 403",
    ("GET", "api/checks/<uuid:check_id>/pictures/<int:number>.jpg"): "401 200 200 200 404 404 200 200",
    ("GET", LAB + "shadows/"):                              "401 200 200 200 404 404 200 200",
    ("POST", LAB + "shadows/"):                             "401 403 403 201 404 404 403 403",
    ("GET", "api/shadows/<uuid:shadow_id>/"):               "401 200 200 200 404 404 200 200",
    ("POST", "api/shadows/<uuid:shadow_id>/stop/"):         "401 403 403 200 404 404 403 403",
    ("GET", LAB + "adaptations/"):                          "401 200 200 200 404 404 200 200",
    ("POST", LAB + "adaptations/"):                         "401 403 403 200 404 404 403 403",
    ("GET", LAB + "adaptations/material/"):                 "401 200 200 200 404 404 200 200",
    ("POST", "api/adaptations/<uuid:adaptation_id>/cancel/"): "401 403 403 200 404 404 403 403",
    ("GET", LAB + "trainings/"):                            "401 200 200 200 404 404 200 200",
    ("POST", LAB + "trainings/"):                           "401 403 403 200 404 404 403 403",
    ("GET", LAB + "trainings/choices/"):                    "401 200 200 200 404 404 200 200",
    ("GET", LAB + "admissions/"):                           "401 200 200 200 404 404 200 200",
    ("POST", LAB + "admissions/"):                          "401 403 403 201 404 404 403 403",
    ("GET", LAB + "admissions/choices/"):                   "401 200 200 200 404 404 200 200",
    ("GET", "api/admissions/<uuid:admission_id>/"):         "401 200 200 200 404 404 200 200",
    ("POST", "api/admissions/<uuid:admission_id>/answer/"): "401 403 403 200 404 404 403 403",
    ("POST", "api/admissions/<uuid:admission_id>/cancel/"): "401 403 403 200 404 404 403 403",
    ("GET", "api/trainings/<uuid:training_id>/"):           "401 200 200 200 404 404 200 200",
    ("POST", "api/trainings/<uuid:training_id>/stop/"):     "401 403 403 200 404 404 403 403",
    ("POST", "api/trainings/<uuid:training_id>/resume/"):   "401 403 403 200 404 404 403 403",
    ("POST", "api/trainings/<uuid:training_id>/cancel/"):   "401 403 403 200 404 404 403 403",

    # The live channel, over plain HTTP and over the socket.
    ("GET", "api/events/"):                                 "401 200 200 200 404 404 200 200",
    ("WS", "lab"):                                          "401 200 200 200 404 404 200 200",
    ("WS", "dish"):                                         "401 200 200 200 404 404 200 200",

    # Uploads.
    ("OPTIONS", "api/uploads/"):                            "401 204 204 204 204 204 204 204",
    ("GET", "api/uploads/"):                                "401 200 200 200 200 200 200 200",
    ("POST", "api/uploads/"):                               "401 403 201 201 404 404 403 201",
    ("OPTIONS", UPLOAD):                                    "401 204 204 204 204 204 204 204",
    ("HEAD", UPLOAD):                                       "401 200 200 200 404 404 200 200",
    ("PATCH", UPLOAD):                                      "401 403 204 204 404 404 403 204",
    ("DELETE", UPLOAD):                                     "401 403 204 204 404 404 403 204",

    # Recordings.
    ("GET", "api/stacks/"):                                 "401 200 200 200 200 200 200 200",
    ("POST", "api/stacks/"):                                "401 403 202 202 404 404 403 202",
    ("GET", STACK):                                         "401 200 200 200 404 404 200 200",
    ("DELETE", STACK):                                      "401 403 204 204 404 404 403 204",
    ("GET", STACK + "hours/"):                              "401 200 200 200 404 404 200 200",
    ("POST", STACK + "confirm/"):                           "401 403 200 200 404 404 403 200",
    ("GET", "api/patients/"):                               "401 200 200 200 200 200 200 200",
    ("GET", "api/server-folder/"):                          "401 403 200 200 404 404 403 200",
    ("POST", "api/server-folder/import/"):                  "401 403 202 202 404 404 403 202",
    ("GET", FRAME):                                         "401 200 200 200 404 404 200 200",
    ("GET", "media/originals/<uuid:stack_id>"):             "401 200 200 200 404 404 200 200",

    # Dishes and runs.
    ("GET", "api/dishes/"):                                 "401 200 200 200 200 200 200 200",
    ("GET", "api/dishes/<uuid:dish_id>/"):                  "401 200 200 200 404 404 200 200",
    ("PATCH", "api/dishes/<uuid:dish_id>/"):                "401 403 200 200 404 404 403 200",
    ("GET", "api/runs/"):                                   "401 200 200 200 200 200 200 200",
    ("POST", "api/runs/"):                                  "401 403 201 201 404 404 403 201",
    ("GET", RUN):                                           "401 200 200 200 404 404 200 200",
    ("POST", RUN + "cancel/"):                              "401 403 200 200 404 404 403 200",
    ("POST", RUN + "retry/"):                               "401 403 201 201 404 404 403 201",
    ("GET", RUN + "placements/"):                           "401 200 200 200 404 404 200 200",
    ("GET", RUN + "profiles/<str:place>/"):                 "401 200 200 200 404 404 200 200",
    ("GET", RUN + "profiles.csv"):                          "401 200 200 200 404 404 200 200",
    ("GET", RUN + "profiles.json"):                         "401 200 200 200 404 404 200 200",

    # What people say of embryos; a viewer is seen looking and writes nothing.
    ("GET", READING):                                       "401 200 200 200 404 404 200 200",
    ("PATCH", READING):                                     "401 403 200 200 404 404 403 200",
    ("POST", READING + "submit/"):                          "401 403 200 200 404 404 403 200",
    ("POST", READING + "sign/"):                            "401 403 201 201 404 404 403 403",
    ("GET", STACK + "readings/"):                           "401 200 200 200 404 404 200 200",
    ("GET", STACK + "verdicts/"):                           "401 200 200 200 404 404 200 200",
    ("GET", STACK + "effective/"):                          "401 200 200 200 404 404 200 200",
    ("GET", STACK + "corrections/"):                        "401 200 200 200 404 404 200 200",
    ("PATCH", STACK + "corrections/"):                      "401 403 200 200 404 404 403 200",
    ("GET", STACK + "comments/"):                           "401 200 200 200 404 404 200 200",
    ("POST", STACK + "comments/"):                          "401 403 201 201 404 404 403 201",
    ("PATCH", "api/comments/<uuid:comment_id>/"):           "401 403 200 200 404 404 403 200",
    ("GET", STACK + "calibration/"):                        "401 200 200 200 404 404 200 200",
    ("GET", LAB + "dish-geometry/"):                        "401 200 200 200 404 404 200 200",
    ("PATCH", LAB + "dish-geometry/"):                      "401 403 403 200 404 404 403 403",
    ("GET", STACK + "presence/"):                           "401 200 200 200 404 404 200 200",
    ("POST", STACK + "presence/"):                          "401 204 204 204 404 404 403 204",

    # Who reads what, and how well readers agree.
    ("GET", LAB + "review-settings/"):                      "401 200 200 200 404 404 200 200",
    ("PATCH", LAB + "review-settings/"):                    "401 403 403 200 404 404 403 403",
    ("GET", LAB + "agreement/"):                            "401 200 200 200 404 404 200 200",
    ("GET", "api/assignments/"):                            "401 200 200 200 200 200 200 200",
    ("POST", STACK + "assignments/"):                       "401 403 201 201 404 404 403 201",
    ("DELETE", "api/assignments/<uuid:assignment_id>/"):    "401 403 204 204 404 404 403 204",

    # The review queue; what was accepted in one go is taken back by who accepted it.
    ("GET", "api/queue/"):                                  "401 200 200 200 200 200 200 200",
    ("GET", "api/queue/pace/"):                             "401 200 200 200 404 404 200 200",
    ("POST", "api/queue/accept/"):                          "401 403 200 200 404 404 403 200",
    ("POST", "api/queue/reject/"):                          "401 403 200 200 404 404 403 200",
    ("POST", "api/queue/accept-above/"):                    "401 403 200 200 404 404 403 200",
    ("POST", "api/queue/undo/"):                            "401 404 200 404 404 404 403 200",

    # What is decided about embryos, what became of them, and the lab's rules; a validation is kept on record.
    ("GET", DISH + "decisions/"):                           "401 200 200 200 404 404 200 200",
    ("PATCH", DISH + "decisions/<str:place>/"):             "401 403 200 200 404 404 403 200",
    ("GET", DISH + "fates/"):                               "401 200 200 200 404 404 200 200",
    ("PATCH", DISH + "fates/<str:place>/"):                 "401 403 200 200 404 404 403 200",
    ("GET", "api/cycles/<uuid:cycle_id>/outcome/"):         "401 200 200 200 404 404 200 200",
    ("PATCH", "api/cycles/<uuid:cycle_id>/outcome/"):       "401 403 200 200 404 404 403 200",
    ("GET", LAB + "rules/"):                                "401 200 200 200 404 404 200 200",
    ("POST", LAB + "rules/"):                               "401 403 403 201 404 404 403 403",
    ("GET", "api/rules/<uuid:rule_id>/"):                   "401 200 200 200 404 404 200 200",
    ("PATCH", "api/rules/<uuid:rule_id>/"):                 "401 403 403 200 404 404 403 403",
    ("DELETE", "api/rules/<uuid:rule_id>/"):                "401 403 403 204 404 404 403 403",
    ("POST", "api/rules/<uuid:rule_id>/validate/"):         "401 403 409 409 404 404 403 409",
    ("GET", DISH + "scores/"):                              "401 200 200 200 404 404 200 200",
    ("GET", "api/compare/"):                                "401 200 200 200 404 404 200 200",
    ("GET", LAB + "statistics/"):                           "401 200 200 200 404 404 200 200",

    # Data sets: members look at them, a lab's admin makes them; looking needs no write, but a POST does.
    # Data sets and labels leave the product by embryologists and admins, for whom taking away is reading.
    ("GET", LAB + "data-sets/"):                            "401 200 200 200 404 404 200 200",
    ("POST", LAB + "data-sets/"):                           "401 403 403 201 404 404 403 403",
    ("POST", LAB + "label-counts/"):                        "401 200 200 200 404 404 403 200",
    ("GET", LAB + "label-choices/"):                        "401 200 200 200 404 404 200 200",
    ("GET", LAB + "item-pictures/<str:reference>/"):        "401 200 200 200 404 404 200 200",
    ("POST", LAB + "step-previews/"):                       "401 200 200 200 404 404 403 200",
    ("GET", "api/data-set-steps/"):                         "401 200 200 200 200 200 200 200",
    ("GET", LAB + "drift/"):                                "401 200 200 200 404 404 200 200",
    ("GET", LAB + "recalibrations/"):                       "401 200 200 200 404 404 200 200",
    ("POST", LAB + "recalibrations/"):                      "401 403 403 200 404 404 403 403",
    ("POST", "api/recalibrations/<uuid:recalibration_id>/cancel/"): "401 403 403 200 404 404 403 403",
    ("GET", DATA_SET):                                      "401 200 200 200 404 404 200 200",
    ("PATCH", DATA_SET):                                    "401 403 403 200 404 404 403 403",
    ("DELETE", DATA_SET):                                   "401 403 403 204 404 404 403 403",
    ("POST", DATA_SET + "freeze/"):                         "401 403 403 202 404 404 403 403",
    ("POST", DATA_SET + "cancel/"):                         "401 403 403 200 404 404 403 403",
    ("GET", DATA_SET + "items/"):                           "401 200 200 200 404 404 200 200",
    ("GET", DATA_SET + "export/"):                          "401 403 200 200 404 404 200 200",

    # Reports: whoever may look may take away, and the record says who did.
    ("GET", "api/dishes/<uuid:dish_id>/report.pdf"):        "401 200 200 200 404 404 200 200",
    ("GET", "api/dishes/<uuid:dish_id>/report.xlsx"):       "401 200 200 200 404 404 200 200",
    ("GET", "api/dishes/<uuid:dish_id>/report.csv"):        "401 200 200 200 404 404 200 200",
    ("GET", "api/dishes/<uuid:dish_id>/report.json"):       "401 200 200 200 404 404 200 200",
    ("GET", "api/dishes/<uuid:dish_id>/embryos/<str:place>/report.pdf"): "401 200 200 200 404 404 200 200",
    ("GET", "api/dishes/<uuid:dish_id>/embryos/<str:place>/report.xlsx"): "401 200 200 200 404 404 200 200",
    ("GET", "api/dishes/<uuid:dish_id>/embryos/<str:place>/report.csv"): "401 200 200 200 404 404 200 200",
    ("GET", "api/dishes/<uuid:dish_id>/embryos/<str:place>/report.json"): "401 200 200 200 404 404 200 200",
    ("GET", "api/cycles/<uuid:cycle_id>/report.pdf"):       "401 200 200 200 404 404 200 200",
    ("GET", "api/cycles/<uuid:cycle_id>/report.xlsx"):      "401 200 200 200 404 404 200 200",
    ("GET", "api/cycles/<uuid:cycle_id>/report.csv"):       "401 200 200 200 404 404 200 200",
    ("GET", "api/cycles/<uuid:cycle_id>/report.json"):      "401 200 200 200 404 404 200 200",

    # Labels on their way in, and what they brought.
    ("GET", LAB + "label-imports/"):                        "401 200 200 200 404 404 200 200",
    ("POST", LAB + "label-imports/"):                       "401 403 201 201 404 404 403 201",
    ("GET", "api/label-imports/<uuid:import_id>/"):         "401 200 200 200 404 404 200 200",
    ("POST", "api/label-imports/<uuid:import_id>/preview/"): "401 403 200 200 404 404 403 200",
    ("POST", "api/label-imports/<uuid:import_id>/confirm/"): "401 403 200 200 404 404 403 200",
    ("POST", "api/label-imports/<uuid:import_id>/cancel/"): "401 403 200 200 404 404 403 200",
    ("GET", "api/label-imports/<uuid:import_id>/conflicts/"): "401 200 200 200 404 404 200 200",
    ("GET", "api/label-imports/<uuid:import_id>/conflicts/<uuid:conflict_id>/<slug:option>.jpg"): "401 200 200 200 404 404 200 200",
    ("GET", LAB + "label-tasks/"):                          "401 200 200 200 404 404 200 200",
    ("GET", "api/label-tasks/<uuid:task_id>/"):             "401 200 200 200 404 404 200 200",
    ("GET", "api/label-tasks/<uuid:task_id>/picture/"):     "401 200 200 200 404 404 200 200",

    # A lab's own Label Studio server, which administrators of the installation alone set; labels go out as they may be seen.
    ("GET", LAB + "label-connection/"):                     "401 200 200 200 404 200 200 200",
    ("PUT", LAB + "label-connection/"):                     "401 403 403 403 404 200 403 403",
    ("DELETE", LAB + "label-connection/"):                  "401 403 403 403 404 204 403 403",
    ("POST", LAB + "label-connection/check/"):              "401 403 403 202 404 202 403 403",
    ("POST", LAB + "label-connection/pull/"):               "401 403 202 202 404 404 403 202",
    ("POST", LAB + "label-connection/push/"):               "401 403 403 202 404 404 403 403",
    ("GET", LAB + "label-syncs/"):                          "401 200 200 200 404 200 200 200",
    ("POST", "api/label-syncs/<uuid:sync_id>/cancel/"):     "401 403 200 200 404 404 403 200",
    ("GET", LAB + "label-exports/"):                        "401 403 200 200 404 404 200 200",
    ("GET", LAB + "label-exports/label-studio.zip"):        "401 403 200 200 404 404 200 200",
    ("GET", LAB + "label-exports/yolo.zip"):                "401 403 200 200 404 404 200 200",
    ("GET", LAB + "label-exports/coco.zip"):                "401 403 200 200 404 404 200 200",
    ("GET", LAB + "label-exports/csv.zip"):                 "401 403 200 200 404 404 200 200",
}
# fmt: on

LISTS = {
    # Lists answer everybody, so the matrix also looks into them: (route, what an outsider must not find there).
    "api/labs/": "lab",
    "api/uploads/": "upload",
    "api/stacks/": "stack",
    "api/patients/": "patient",
    "api/dishes/": "dish",
    "api/runs/": "run",
    "api/weights/": "candidate",
    "api/tokens/": "token",
    "api/assignments/": "assignment",
    "api/queue/": "waiting",
}


def expected(method: str, route: str) -> dict[str, int]:
    return dict(zip(ROLES, map(int, EXPECTED[method, route].split()), strict=True))
