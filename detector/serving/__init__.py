"""Where nets run: in this process, or in the one process that owns a device and serves all the others.

`opened` is the only door. A net is known by the SHA-256 of its ONNX file, so what was verified when the weights were read is what answers.
"""
