"""Work that waits for its turn: fair queues, thread pools for short requests, worker processes for jobs. It knows no
attack and no network."""
