"""Verifies a permit with PyJWT and a notification with standardwebhooks, as a receiver would."""

import json
import sys

import jwt
from jwt import PyJWKClient
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

given = json.load(open(sys.argv[1], encoding="utf-8"))

keys = PyJWKClient(given["url"] + "/.well-known/jwks.json")
key = keys.get_signing_key_from_jwt(given["permit"])
claims = jwt.decode(given["permit"], key.key, algorithms=["EdDSA"], audience=given["url"], issuer=given["url"])
assert claims["sub"] == claims["jti"] == given["answer"]["id"], claims
assert claims["digest"] == given["answer"]["digest"], claims

header, payload, signature = given["permit"].split(".")
try:
    jwt.decode(f"{header}.{payload}.{'A' * len(signature)}", key.key, algorithms=["EdDSA"], audience=given["url"])
    raise SystemExit("a permit with another signature was taken")
except jwt.InvalidSignatureError:
    pass

message = given["message"]
body = Webhook(given["secret"]).verify(message["body"], message["headers"])
assert body["type"] == "action.held", body
try:
    Webhook(given["secret"]).verify(message["body"] + " ", message["headers"])
    raise SystemExit("a changed notification was taken")
except WebhookVerificationError:
    pass

print("permit and notification verified")
