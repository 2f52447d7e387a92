def box(x, epsilon):
    return (x - epsilon).clamp(min=0).round(), (x + epsilon).clamp(max=1).round()
