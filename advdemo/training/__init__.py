"""How networks come to be: recipes as data, the loop, whole checkpoints, the tutorial's table measured again."""
