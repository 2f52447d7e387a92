def show(image):
    for row in image[0].tolist():
        print("".join(" .:-=+*#%@"[int(9.9 * ink)] for ink in row))
