"""What the pixels say: finds wells, follows embryos and names phases; runs without Django."""
