"""Which pictures teach a detector most, and what asking for those first saves."""
