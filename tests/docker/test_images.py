"""What can be said about the images without building them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())


def names_in(file: str) -> set[str]:
    lines = (line.split("#")[0].strip() for line in (ROOT / file).read_text().splitlines())
    return {re.split(r"[\[=<>~]", line)[0].lower() for line in lines if line}


@pytest.mark.parametrize("image", ["web", "worker"])
def test_every_package_of_an_image_is_pinned_for_the_product(image: str) -> None:
    assert names_in(f"docker/{image}.txt") <= names_in("requirements.txt")


def test_the_web_image_carries_no_deep_learning() -> None:
    assert names_in("docker/web.txt").isdisjoint({"torch", "torchvision", "ultralytics", "transformers", "openvino", "onnxruntime"})


def test_every_service_is_built_from_a_stage_that_exists() -> None:
    stages = set(re.findall(r"^FROM .+ AS (\w+)$", (ROOT / "docker/Dockerfile").read_text(), re.MULTILINE))
    targets = {service["build"]["target"] for service in COMPOSE["services"].values() if "build" in service}
    assert targets
    assert targets <= stages


def test_the_compose_file_holds_no_default_secret() -> None:
    environment = COMPOSE["x-product"]["environment"]
    for name in ("SECRET_KEY", "AUDIT_KEY", "ALLOWED_HOSTS", "PUBLIC_ORIGINS"):
        assert environment[name].startswith("${" + name + ":?"), f"{name} must be demanded, not defaulted"
    assert ":?" in environment["DATABASE_URL"]
