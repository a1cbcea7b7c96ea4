"""Validates policies by /policy.schema.json with a library of another language: what the schema says of the examples,
and of documents that are none."""

import json
import os
import pathlib
import tomllib
import urllib.request

import jsonschema_rs
import pytest

ROOT = pathlib.Path(__file__).parents[2]

with urllib.request.urlopen(os.environ["HOLDPOINT_URL"] + "/policy.schema.json") as answer:
    SCHEMA = json.load(answer)
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)

EXAMPLES = [path for path in (ROOT / "examples").glob("*.toml") if not path.name.endswith(".test.toml")]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_valid(path):
    assert [error.message for error in VALIDATOR.iter_errors(tomllib.loads(path.read_text()))] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "holdpoint = 2",
        "holdpoint = 1\nnmae = 'x'",
        "holdpoint = 1\n[severity.medium]\nthreshold = 80",
        "holdpoint = 1\n[severity.medium]\noversight = 'never'",
        "holdpoint = 1\n[kinds.x]\nserverity = 'high'",
        "holdpoint = 1\n[kinds.x]\nreasons = []",
        "holdpoint = 1\n[[criteria]]\nid = 'a'\ncategory = 'c'",
        "holdpoint = 1\n[desks.main]\nundo = 4",
        "holdpoint = 1\n[desks.main]\nundo = '4 s'",
        "holdpoint = 1\n[desks.main]\nreviewers = 0",
    ],
)
def test_what_is_no_policy_is_invalid(text):
    assert not VALIDATOR.is_valid(tomllib.loads(text))
