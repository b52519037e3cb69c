"""The card of a finder that a lab's labelled dishes taught."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def card_text(
    name: str, command: str, facts: Mapping[str, Any], figures: Mapping[str, Any], marks: Mapping[str, str], start: str
) -> str:  # fmt: skip
    """The card in Markdown."""
    measured = f"```\n{json.dumps(dict(figures), indent=1)}\n```" if figures else "No picture was held back, so nothing was measured."
    told = "".join(f"\n* {key}: {value}" for key, value in marks.items())
    count = facts["validation_pictures"]
    chosen = f" How long to learn was chosen by {count} of these pictures,\nbefore all were learned from." if count else ""
    return f"""# {name}

Finds the wells of a dish in one grey picture and says what each holds. It went on from {start} and learned from {facts["pictures"]}
labelled pictures ({facts["wells"]} wells) of one lab, mixed with {facts["renderings"]} renderings so that it does not forget:
{facts["steps"]} steps, {facts["minutes"]} minutes.{chosen} Made by

    {command}
{told}

## Intended use

Research and annotation aid for the lab whose labels taught it. It was not made to be passed on: the pictures' licence decides that.

## Figures on pictures held back

{measured}

Wells at IoU 0.5; `right` is the F1 of wells that were found and named right, its interval 95 %, pictures drawn anew.

## Known limits

Other dishes, cameras and labs were not seen. Gas outside the wells was taught only where the weights it went on from saw some. The
confidences are not calibrated.
"""
