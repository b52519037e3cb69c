"""From one well's frames to what its embryo is: finding it, naming each frame, decoding the sequence."""
