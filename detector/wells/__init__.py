"""Wells: found by a finder, named by the lattice, followed from frame to frame."""
