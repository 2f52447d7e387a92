"""HTTP: routes and their guard, limits, errors, replies, files. It knows no attack and no network."""
