"""The command line: python -m advdemo train | measure | attack | certify | sweep | reproduce | train-gan |
train-advgan | generate | show | convert.

A file for each kind of command. Results go to stdout, progress and errors to stderr. The commands import torch
themselves, so that --help is quick.
"""

from advdemo.cli import attack, certify, convert, gan, show, sweep, train
from advdemo.cli.shared import app

__all__ = ["app", "attack", "certify", "convert", "gan", "show", "sweep", "train"]
