"""From the wells of a dish to the profiles of its embryos: where each lies in a frame, how it looks there, what becomes of it."""
