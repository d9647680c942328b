"""Runs jose.js with the packages that tools/node installed."""

import os

HERE = os.path.dirname(os.path.abspath(__file__))
os.environ["PEERS"] = os.path.join(HERE, "../../../build/peers/node_modules")
os.execvp("node", ["node", f"{HERE}/jose.js"])
