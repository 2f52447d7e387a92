# {other}
