"""The application that the lab's services stand for."""

from __future__ import annotations

import os
import socket

from flask import Flask

app = Flask(__name__)
NAME = os.environ["FLAPP_NAME"]
HOST = os.environ["FLAPP_HOST"] or socket.gethostname()


@app.get("/")
def whoami() -> tuple[str, dict[str, str]]:
    return f"{NAME} on {HOST}\n", {"Content-Type": "text/plain; charset=utf-8"}
