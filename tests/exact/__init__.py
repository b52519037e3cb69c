"""A tiny detector that is exact on the recordings drawn here: it goes through the same door as the shipped weights."""
