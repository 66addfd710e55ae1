"""What is counted has a price, and a price says where it is from."""

import pytest

from bench.prices import PRICES, usd


def test_a_million_bookings_cost_what_is_worked_out_by_hand() -> None:
    # A hold of four items below 1 KB, its request and its message, at 512 MB and 40 ms.
    a_booking = {
        "write units": 8,
        "SQS requests": 1,
        "REST API requests": 1,
        "Lambda requests": 1,
        "Lambda GB-seconds, x86_64": 0.5 * 0.040,
    }
    assert 1_000_000 * usd(a_booking) == pytest.approx(5.00 + 0.40 + 3.50 + 0.20 + 0.333334)


def test_arm_costs_a_fifth_less_than_x86() -> None:
    assert usd({"Lambda GB-seconds, arm64": 1}) == pytest.approx(0.8 * usd({"Lambda GB-seconds, x86_64": 1}), rel=1e-4)


def test_what_has_no_price_is_not_free() -> None:
    with pytest.raises(KeyError, match="read unit"):
        usd({"read unit": 1})


@pytest.mark.parametrize("thing", PRICES)
def test_a_price_names_the_page_of_aws_that_it_is_from(thing: str) -> None:
    price = PRICES[thing]
    assert price.source.startswith("https://aws.amazon.com/")
    assert price.checked
