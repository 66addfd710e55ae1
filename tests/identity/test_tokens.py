"""Which tokens prove anything, and what."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from chalice.app import AuthRequest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain.access import Role
from chalicelib.identity.authorizer import Authorizer, UnauthorizedError
from chalicelib.identity.keys import IssuerKeys, KeysUnavailableError
from chalicelib.identity.tokens import LEEWAY_SECONDS, MOST_CHARACTERS, TokenError, Tokens
from tests.identity.issuer import AUDIENCE, URL, Documents, claims, ec_key, entry, public_pem, rsa_key, token
from tests.log_lines import log_lines

ARN = "arn:aws:execute-api:us-east-1:123456789012:api/v1/GET/bookings/booking-1"


def tokens(documents: Documents | None = None, *, role_claim: str = "role") -> Tokens:
    keys = IssuerKeys(issuer=URL, fetch=documents or Documents())
    return Tokens(issuer=URL, audience=AUDIENCE, role_claim=role_claim, keys=keys)


def unsigned(header: dict[str, Any], payload: dict[str, Any], signature: bytes = b"") -> str:
    """A token by hand, which no library would make."""
    parts = (json.dumps(header).encode(), json.dumps(payload).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def with_hmac_of(secret: bytes, key_id: str = "one") -> str:
    """HS256, with what everybody knows for a secret."""
    header, payload, _ = unsigned({"alg": "HS256", "kid": key_id, "typ": "JWT"}, claims()).split(".")
    signature = jwt.get_algorithm_by_name("HS256").sign(f"{header}.{payload}".encode(), secret)
    return f"{header}.{payload}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def signed(payload: bytes) -> str:
    """What no issuer should sign, and this one did."""
    return jwt.PyJWS().encode(payload, rsa_key("one"), algorithm="RS256", headers={"kid": "one"})


def swapped_payload() -> str:
    """Another payload under a good signature."""
    header, _, signature = token().split(".")
    _, payload, _ = token(role="admin").split(".")
    return f"{header}.{payload}.{signature}"


def now() -> int:
    return int(time.time())


WRONG: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "garbage": lambda: "garbage",
    "three parts of garbage": lambda: "a.b.c",
    "no JSON": lambda: "!!!.???.###",
    "expired": lambda: token(exp=now() - LEEWAY_SECONDS - 5),
    "not yet valid": lambda: token(nbf=now() + 600),
    "issued in the future": lambda: token(iat=now() + 600),
    "wrong issuer": lambda: token(iss="https://other.example"),
    "almost the issuer": lambda: token(iss=f"{URL}/"),
    "no issuer": lambda: token(iss=None),
    "wrong audience": lambda: token(aud="other"),
    "no audience": lambda: token(aud=None),
    "never expires": lambda: token(exp=None),
    "expires at nonsense": lambda: token(exp="tomorrow"),
    "expires at infinity": lambda: signed(json.dumps(claims(exp=float("inf"))).encode()),
    "no claims": lambda: signed(b"[]"),
    "claims without an end": lambda: signed(b"[" * 5000),
    "nobody": lambda: token(sub=None),
    "an empty subject": lambda: token(sub=" "),
    "a long subject": lambda: token(sub="x" * 129),
    "a subject of two lines": lambda: token(sub="ann\nadmin"),
    "alg: none": lambda: unsigned({"alg": "none", "kid": "one"}, claims()),
    "alg: NONE": lambda: unsigned({"alg": "NONE", "kid": "one"}, claims()),
    "no alg": lambda: unsigned({"kid": "one"}, claims()),
    "HS256 with the public key": lambda: with_hmac_of(public_pem(rsa_key("one"))),
    "HS256 with the modulus": lambda: with_hmac_of(entry("one", rsa_key("one"))["n"].encode()),
    "unknown key": lambda: token(key=rsa_key("two"), key_id="two"),
    "another key under a known id": lambda: token(key=rsa_key("two")),
    "no key id": lambda: token(key_id=None),
    "a key id that is no text": lambda: unsigned({"alg": "RS256", "kid": 1}, claims()),
    "another algorithm of the same key": lambda: token(algorithm="RS512"),
    "another kind of key": lambda: token(key=ec_key(), algorithm="ES256"),
    "no signature": lambda: token().rpartition(".")[0] + ".",
    "another payload": swapped_payload,
    "too long": lambda: token(pad="x" * MOST_CHARACTERS),
    "critical extensions": lambda: unsigned(
        {"alg": "RS256", "kid": "one", "crit": ["x"], "x": 1}, claims(), b"x" * 256
    ),
}
"""Made when they are wanted: what is not valid yet would be by then."""


@pytest.mark.parametrize("kind", WRONG)
def test_a_token_that_proves_nothing_is_refused(kind: str) -> None:
    with pytest.raises(TokenError):
        tokens().verified(WRONG[kind]())


@pytest.mark.parametrize("kind", WRONG)
def test_the_gateway_is_told_to_refuse_it_and_the_log_why_without_the_token(kind: str) -> None:
    wrong = WRONG[kind]()
    with log_lines() as log, pytest.raises(UnauthorizedError, match=r"^Unauthorized$"):
        Authorizer(tokens())(AuthRequest("TOKEN", f"Bearer {wrong}", ARN))
    assert log.the("token refused")["reason"]
    assert not wrong or wrong not in log.text


def test_a_good_token_proves_who_in_which_role_and_until_when() -> None:
    end = now() + 100
    verified = tokens().verified(token(exp=end))
    assert (verified.user_id, verified.role, verified.expires_at) == ("ann", Role.CUSTOMER, end + LEEWAY_SECONDS)


def test_who_names_no_key_makes_nobody_ask_for_it() -> None:
    documents = Documents()
    for nameless in (token(key_id=None), token(key_id="")):
        with pytest.raises(TokenError, match="names no key"):
            tokens(documents).verified(nameless)
    assert documents.fetched == []


def test_a_token_and_its_subject_may_be_so_long_and_no_longer() -> None:
    padded = (token(sub="x" * 128, pad="x" * length) for length in range(5000, MOST_CHARACTERS))
    longest = next(made for made in padded if len(made) == MOST_CHARACTERS)
    assert tokens().verified(longest).user_id == "x" * 128


def test_an_elliptic_key_signs_as_well() -> None:
    documents = Documents(keys=[entry("one", ec_key())])
    assert tokens(documents).verified(token(key=ec_key(), algorithm="ES256")).user_id == "ann"


def test_clocks_may_differ_a_little() -> None:
    off = token(exp=now() - LEEWAY_SECONDS + 20, nbf=now() + 10)
    assert tokens().verified(off).user_id == "ann"


@pytest.mark.parametrize(
    ("claim", "role"),
    [
        ("admin", Role.ADMIN),
        ("provider", Role.PROVIDER),
        (["customer"], Role.CUSTOMER),
        (["customer", "admin", "provider"], Role.ADMIN),
        (["staff", "provider"], Role.PROVIDER),
        ("ADMIN", None),
        ("admin customer", None),
        ([], None),
        ([["admin"]], None),
        ({"admin": True}, None),
        (1, None),
        (None, None),
    ],
)
def test_the_strongest_role_that_is_one_of_ours_counts(claim: Any, role: Role | None) -> None:
    assert tokens().verified(token(role=claim)).role is role


def test_the_claim_with_the_role_can_have_another_name() -> None:
    verified = tokens(role_claim="cognito:groups").verified(
        jwt.encode(
            {**claims(), "cognito:groups": ["provider"]}, rsa_key("one"), algorithm="RS256", headers={"kid": "one"}
        )
    )
    assert verified.role is Role.PROVIDER


def test_a_token_for_several_audiences_is_for_this_one_too() -> None:
    assert tokens().verified(token(aud=["other", AUDIENCE])).user_id == "ann"


@pytest.mark.parametrize("role", ["customer", "visitor"])
def test_what_the_authorizer_says_holds_for_every_route(role: str) -> None:
    answer = Authorizer(tokens())(AuthRequest("TOKEN", f"bearer  {token(role=role)}", ARN))
    document = answer.to_dict(AuthRequest("TOKEN", "", ARN))
    (statement,) = document["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == ["arn:aws:execute-api:us-east-1:123456789012:api/v1/*/*"]
    assert document["principalId"] == document["context"]["userId"] == "ann"
    assert all(isinstance(value, str) for value in document["context"].values()), (
        "API Gateway takes no lists, and no null"
    )


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YW5uOmFubg==", "{token}", "Token {token}", "Bearer{token}"])
def test_a_header_without_a_bearer_token_is_refused(header: str) -> None:
    with pytest.raises(UnauthorizedError):
        Authorizer(tokens())(AuthRequest("TOKEN", header.format(token=token()), ARN))


def test_without_an_issuer_nobody_gets_in() -> None:
    with log_lines() as log, pytest.raises(UnauthorizedError):
        Authorizer(None)(AuthRequest("TOKEN", f"Bearer {token()}", ARN))
    assert log.the("token refused")["reason"] == "no issuer is configured"


def test_without_the_issuers_keys_nobody_can_be_told_and_that_is_no_refusal() -> None:
    with pytest.raises(KeysUnavailableError):
        Authorizer(tokens(Documents(down=True)))(AuthRequest("TOKEN", f"Bearer {token()}", ARN))


GOOD = token()
SEGMENT = st.one_of(
    st.text(max_size=60),
    st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["alg", "kid", "typ", "exp", "sub", "x"]), inner, max_size=4)
        ),
        max_leaves=8,
    ).map(lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()),
    st.sampled_from(GOOD.split(".")),
)
FUZZED = tokens()


@given(st.lists(SEGMENT, max_size=5).map(".".join))
@example("." * 8000)
@example(unsigned({"alg": "RS256", "kid": "one"}, {"exp": 10**400}, b"x"))
@example(base64.urlsafe_b64encode(b"[" * 5000).decode() + ".e30.")
def test_whatever_is_sent_is_refused_cleanly_unless_it_is_signed(text: str) -> None:
    if text == GOOD:
        return
    try:
        FUZZED.verified(text)
    except TokenError:
        return
    assert text.split(".")[2] in GOOD, "nothing else is signed"


@given(st.data())
def test_no_character_of_a_token_can_be_changed(data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(GOOD) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_.=!\x00é"))
    changed = GOOD[:index] + other + GOOD[index + 1 :]
    try:
        verified = FUZZED.verified(changed)
    except TokenError:
        return
    # Base64 has bits to spare in a segment's last character: then it is the same token, written otherwise.
    assert verified == FUZZED.verified(GOOD)
