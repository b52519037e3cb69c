"""Evaluation: how well finders do, on renderings, on real pictures and on pictures changed on purpose; and how fast."""
