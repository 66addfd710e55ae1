"""Tables as the local stack makes them, on moto or on a real endpoint, and the DAOs over them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.aws import RunAll, TimeLimit, side_by_side
from chalicelib.dao.bookings import BookingDao
from chalicelib.dao.listings import ListingDao
from chalicelib.dao.providers import ProviderDao
from chalicelib.dao.slots import SlotDao
from chalicelib.dao.table import Retries, Table
from chalicelib.domain.ports import BookingListing, BookingStore, ProviderStore, SlotStore
from local_stack.resources import provision, resources
from tests.builders import new_id
from tests.fakes import InMemoryBookings, InMemoryListing, InMemoryProviders, InMemorySlots, InMemoryStores

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True)
class Stores:
    """The stores over one table."""

    providers: ProviderStore
    slots: SlotStore
    bookings: BookingStore
    listing: BookingListing


def in_memory_stores() -> Stores:
    """The fakes."""
    stores = InMemoryStores()
    return Stores(InMemoryProviders(stores), InMemorySlots(stores), InMemoryBookings(stores), InMemoryListing(stores))


def dao_stores(table: Table) -> Stores:
    """The DAOs."""
    return Stores(ProviderDao(table=table), SlotDao(table=table), BookingDao(table=table), ListingDao(table=table))


def table_on(
    client: "DynamoDBClient", name: str, retries: Retries | None = None, run_all: RunAll = side_by_side
) -> Table:
    """The table, as the application uses it."""
    return Table(
        client=client,
        name=name,
        retries=retries or Retries(),
        time_limit=TimeLimit(),
        run_all=run_all,
        new_token=new_id,
    )


class EndpointTables:
    """One set of resources on an endpoint, shared by tests that use ids of their own."""

    def __init__(self, *, dynamodb: "DynamoDBClient", sqs: "SQSClient") -> None:
        self.dynamodb = dynamodb
        self.sqs = sqs
        prefix = f"t{new_id()[:8]}-"
        self.provisioned = provision(resources(prefix=prefix), dynamodb=dynamodb, sqs=sqs)
        self.name = self.provisioned.table_name

    def table(self, retries: Retries | None = None) -> Table:
        """The table, as the application uses it."""
        return table_on(self.dynamodb, self.name, retries)
