"""Sends every operation of /openapi.json what fits its description and what does not, with the key of a role that
may, and real ids among the invented ones. No answer may be a server error, or another than described."""

import json
import os
import random

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

URL = os.environ["HOLDPOINT_URL"]
KEYS = json.loads(os.environ["HOLDPOINT_KEYS"])
POOL = json.loads(os.environ["HOLDPOINT_POOL"])
SPARE_KEYS = json.loads(os.environ["HOLDPOINT_SPARE_KEYS"])
EXAMPLES = int(os.environ["HOLDPOINT_EXAMPLES"])

schema = schemathesis.openapi.from_url(URL + "/openapi.json")
chance = random.Random(7)


def made_real(case):
    """Puts a real id, desk or digest in the place of an invented one, three times of four."""
    if chance.random() < 0.25:
        return
    known = chance.choice(POOL)
    path = case.path_parameters or {}
    real = {"id": known["id"], "desk": "main", "file": "icon.svg", "export": "dpo"}
    if "/keys/" in case.operation.path:
        real["id"] = SPARE_KEYS.pop() if SPARE_KEYS else "key_x"
    path.update({name: value for name, value in real.items() if name in path})
    # What most invented filters say is refused, and refusals are tried enough.
    for name in ("since", "until", "format", "redact", "desk"):
        if "/export/" in case.operation.path and case.query:
            case.query.pop(name, None)
    if not isinstance(case.body, dict):
        return
    if case.operation.path.endswith("/backtest"):
        case.body["policy"] = "holdpoint = 1"
    real = {"digest": known["digest"], "permit": known.get("permit"), "desk": "seniors", "key": KEYS["reviewer"]}
    case.body.update({name: value for name, value in real.items() if value and isinstance(case.body.get(name), str)})
    if case.body.get("reason"):
        case.body["reason"] = "wrong amount"


@schema.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
def test_operation(case):
    roles = case.operation.definition.raw.get("x-roles", [])
    made_real(case)
    headers = {"origin": URL}
    if roles:
        headers["authorization"] = "Bearer " + KEYS[chance.choice(roles)]
    response = case.call(base_url=URL, headers=headers, allow_redirects=False)
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    case.validate_response(response, checks=checks)
