"""The arguments that run-peer.js gives to every program."""

import argparse


def parser():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--manifest", required=True, help="the rows, one per line")
    arguments.add_argument("--model", required=True)
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--cores", type=int, required=True)
    return arguments
