"""python -m advdemo train | attack | sweep"""

from advdemo.cli import app

app(prog_name="python -m advdemo")
