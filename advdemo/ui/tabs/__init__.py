"""The tabs of the page: each builds its component from what the server has."""
