"""The one table as pynamodb sees it: keys, indexes, and what every item has."""

from pynamodb.attributes import DiscriminatorAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection
from pynamodb.models import Model

from publishing import table


class OwnerIndex(GlobalSecondaryIndex["TableItem"]):  # type: ignore[no-untyped-call]  # pynamodb types all but this
    """GSI1: what a user owns, newest last."""

    class Meta:
        """Name and projection, as `publishing.table` defines them."""

        index_name = table.BY_OWNER
        projection = IncludeProjection(list(table.LIST_ATTRIBUTES))

    GSI1PK = UnicodeAttribute(hash_key=True)
    GSI1SK = UnicodeAttribute(range_key=True)


class MonthIndex(GlobalSecondaryIndex["TableItem"]):  # type: ignore[no-untyped-call]  # as above
    """GSI3: editors' lists, by month or by kind."""

    class Meta:
        """Name and projection, as `publishing.table` defines them."""

        index_name = table.BY_MONTH
        projection = IncludeProjection(list(table.LIST_ATTRIBUTES))

    GSI3PK = UnicodeAttribute(hash_key=True)
    GSI3SK = UnicodeAttribute(range_key=True)


class TableItem(Model):
    """Any row. Querying it returns every row in the type that its `kind` names.

    GSI2 is no index class here: it holds keys only, and a query through a model would filter on `kind` and find nothing
    (`store/timers.py` asks it through the low-level client).
    """

    class Meta:
        """The table; `bind` names it. Time-outs are far below the functions' own."""

        table_name = ""
        timer_shards = 1
        connect_timeout_seconds = 1
        read_timeout_seconds = 3
        max_retry_attempts = 3
        max_pool_connections = 32

    PK = UnicodeAttribute(hash_key=True)
    SK = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()
    GSI1PK = UnicodeAttribute(null=True)
    GSI1SK = UnicodeAttribute(null=True)
    GSI2PK = UnicodeAttribute(null=True)
    GSI2SK = UnicodeAttribute(null=True)
    GSI3PK = UnicodeAttribute(null=True)
    GSI3SK = UnicodeAttribute(null=True)
    #: Seconds since 1970 after which DynamoDB may delete the row.
    ttl = NumberAttribute(null=True)

    by_owner = OwnerIndex()
    by_month = MonthIndex()


def bind(table_name: str, *, timer_shards: int = 1) -> None:
    """Name the table for every item class. Entry points call it once, before anything else of the store.

    The connection is made here, on the base class, so that all item classes share one client: making one costs tens of
    milliseconds of a cold start. `timer_shards`: over how many partitions timers are spread.
    """
    TableItem.Meta.table_name = table_name
    TableItem.Meta.timer_shards = timer_shards
    TableItem._connection = None  # noqa: SLF001 - pynamodb has no public way to make a class connect anew
    TableItem._get_connection()  # noqa: SLF001 - the documented accessor of an underscored name
