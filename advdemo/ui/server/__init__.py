"""Serving: routes and their guard, fair queues, threads, worker processes, limits, errors. It knows no attack and no
network."""
