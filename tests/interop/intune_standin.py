"""The stand-in of Intune refuses what microsoft/Intune-Resource-Access would not
send: or the tests that are run against it would say little."""
import base64
import http.client
import json
import ssl
import urllib.parse
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import AttributeOID, NameOID
from intune_server import CLIENT_SECRET, Intune
from support.intune_standin import CLIENT_ID, RESOURCE, TENANT

KEY = rsa.generate_private_key(65537, 2048)


def call(role, method, path, body=None, **headers):
    port = urllib.parse.urlsplit(intune.url(role)).port
    c = http.client.HTTPSConnection("localhost", port, timeout=10,
                                    context=ssl.create_default_context(
                                        cafile=intune.anchors))
    c.request(method, path, body, {k.replace("_", "-"): v
                                   for k, v in headers.items()})
    r = c.getresponse()
    return r.status, json.loads(r.read())


def token(**change):
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET, "scope": RESOURCE + "/.default"}
    form.update(change)
    return call("login", "POST", f"/{TENANT}/oauth2/v2.0/token",
                urllib.parse.urlencode({k: v for k, v in form.items() if v}),
                Content_Type="application/x-www-form-urlencoded")


def headers(**change):
    out = {"Authorization": f"Bearer {BEARER}", "api_version": "2018-02-20",
           "client_request_id": str(uuid.uuid4()),
           "Content_Type": "application/json; charset=utf-8"}
    out.update(change)
    return {k: v for k, v in out.items() if v}


def post(action, body, **change):
    service = "PkiConnectorFEService/CertificateAuthorityRequests" \
        if "evocation" in action \
        else "ScepRequestValidationFEService/ScepActions"
    if "evocation" in action:
        change.setdefault("api_version", "5019-05-05")
    return call("service", "POST", f"/{service}/{action}", json.dumps(body),
                **headers(**change))


def csr(password, cn="device"):
    b = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)]))
    if password is not None:
        b = b.add_attribute(AttributeOID.CHALLENGE_PASSWORD,
                            password.encode())
    return b.sign(KEY, hashes.SHA256()).public_bytes(
        serialization.Encoding.DER)


def request(der, **change):
    out = {"transactionId": "t1", "callerInfo": "Chancery/1",
           "certificateRequest": base64.b64encode(der).decode()}
    out.update(change)
    return {k: v for k, v in out.items() if v is not None}


def validated(der, **change):
    status, answer = post("validateRequest", {"request": request(der)},
                          **change)
    return answer.get("code") if status == 200 else status


def notice(der, **change):
    out = request(der, certificateThumbprint="A" * 40,
                  certificateSerialNumber="0B",
                  certificateExpirationDateUtc="2026-12-01T00:00:00.000Z",
                  issuingCertificateAuthority="CN=CA", caConfiguration="c",
                  certificateAuthority="CN=CA")
    out.update(change)
    status, answer = post("successNotification", {
        "notification": {k: v for k, v in out.items() if v is not None}})
    return answer.get("code") if status == 200 else status


with Intune.scratch() as intune:
    for change in ({"grant_type": "password"}, {"client_secret": "wrong"},
                   {"client_id": "another"}, {"client_secret": None},
                   {"scope": RESOURCE + ".default"}):
        assert token(**change)[0] in (400, 401), change
    status, answer = token()
    assert status == 200 and answer["token_type"] == "Bearer", answer
    BEARER = answer["access_token"]
    # Graph has a token of its own.
    graph = "/v1.0/servicePrincipals/appId=" \
        "0000000a-0000-0000-c000-000000000000/endpoints"
    assert call("login", "GET", graph, **headers())[0] == 401
    of_graph = token(scope=intune.url("login") + ".default")[1]
    assert call("login", "GET", graph, **headers(
        Authorization="Bearer " + of_graph["access_token"]))[0] == 200

    password = intune.challenge("CN=device", [])
    good = csr(password)
    for change in ({"Authorization": "Bearer x"}, {"Authorization": None},
                   {"client_request_id": "7"}, {"client_request_id": None},
                   {"api_version": "5019-05-05"}, {"api_version": None},
                   {"Content_Type": "text/plain"}):
        assert validated(good, **change) in (400, 401, 415), change
    for change in ({"callerInfo": None}, {"transactionId": None},
                   {"transactionId": " "}, {"more": 1}):
        assert post("validateRequest", {"request": request(
            good, **change)})[0] == 400, change
    assert notice(good) == 400, "a notice without a validation"
    broken = bytearray(good)
    broken[-1] ^= 1
    assert validated(bytes(broken)) == "SignatureValidationFailed"
    assert validated(b"none") == "CertificateRequestDecodingFailed"
    assert validated(csr(None)) == "ChallengePasswordMissing"
    assert validated(csr("guess")) == "ChallengeDecryptionError"
    assert validated(csr(password, "x")) == "SubjectNameMismatch"
    assert validated(csr(intune.challenge(lifetime=-1))) == "ChallengeExpired"
    assert validated(good) == "Success"
    for change in ({"certificateThumbprint": "a" * 40},
                   {"certificateThumbprint": None},
                   {"certificateSerialNumber": "0x0b"},
                   {"certificateExpirationDateUtc": "1 December 2026"},
                   {"issuingCertificateAuthority": ""},
                   {"transactionId": "t2"}):
        assert notice(good, **change) == 400, change
    assert notice(good) == "Success"

    context = intune.revoke("0A")
    ask = {"maxRequests": 500, "issuerName": None}
    for change in ({"maxRequests": 501}, {"maxRequests": 0},
                   {"maxRequests": "5"}):
        assert post("downloadRevocationRequests", {
            "downloadParameters": {**ask, **change}})[0] == 400, change
    status, answer = post("downloadRevocationRequests",
                          {"downloadParameters": ask})
    assert [r["requestContext"] for r in answer["value"]] == [context]
    result = {"requestContext": context, "succeeded": True,
              "errorCode": "None", "errorMessage": None}
    for change in ({"requestContext": "x"}, {"succeeded": "true"},
                   {"succeeded": False}, {"errorCode": "ConflictError"},
                   {"errorCode": "Odd"}, {"errorMessage": "x"}):
        assert post("uploadRevocationResults", {
            "results": [{**result, **change}]})[0] == 400, change
    assert post("uploadRevocationResults", {"results": []})[0] == 400
    assert post("uploadRevocationResults",
                {"results": [result]})[1]["value"] is True
    assert not intune.revocations
