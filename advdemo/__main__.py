"""python -m advdemo ...: see advdemo.cli"""

from advdemo.cli import app

app(prog_name="python -m advdemo")
