def box(x, epsilon):
    return (x - epsilon).clamp(min=0), (x + epsilon).clamp(max=1)
