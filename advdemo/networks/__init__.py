"""Networks, what they predict, and their files."""

import advdemo.float32  # noqa: F401 (before any of them computes)
