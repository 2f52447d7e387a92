epsilon = 0.2  # {epsilon}
