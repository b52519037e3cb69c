from __future__ import annotations

import json
from collections.abc import Callable

from tests.running.product import Installation

HEAVY = {
    "torch",
    "torchvision",
    "cv2",
    "ultralytics",
    "transformers",
    "detector",
    "openvino",
    "onnxruntime",
    "numpy",
    "scipy",
    "sklearn",
    "av",
    "tifffile",
}

# The real application answers real requests; what it has loaded by then, it loads in use.
ASK = """
import asyncio, json, sys
from backend.config.asgi import application
import httpx

async def main():
    transport = httpx.ASGITransport(application)
    headers = {{"Authorization": "Bearer {token}"}}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        paths = [path for path in (await client.get("/api/schema/?format=json")).json()["paths"] if "{{" not in path]
        answers = {{path: (await client.get(path, params={{"lab": "{lab}"}})).status_code for path in [*paths, "/healthz", "/readyz", "/"]}}
    print(json.dumps({{"answers": answers, "loaded": sorted(name.split(".")[0] for name in sys.modules)}}))

asyncio.run(main())
"""


def test_the_web_process_has_loaded_nothing_that_looks_at_pixels(install: Callable[..., Installation]) -> None:
    installation = install()
    seeded = installation.seed()
    told = json.loads(installation.run("-c", ASK.format(token=seeded["tokens"]["read"], lab=seeded["lab"])).splitlines()[-1])
    assert sum(status == 200 for status in told["answers"].values()) >= 8, told["answers"]
    assert not [path for path, status in told["answers"].items() if status >= 500 and path not in {"/", "/readyz"}]
    assert not HEAVY & set(told["loaded"])
