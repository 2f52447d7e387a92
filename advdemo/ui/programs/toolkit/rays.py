# {none}
