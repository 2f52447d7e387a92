"""The endpoints for programs, over the same requests and handlers as the page."""
