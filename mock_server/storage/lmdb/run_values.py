"""How is a run encoded, decoded and cached?

The value of a run is its version, the digest of its scenario, and its fields as JSON. Scenarios are shared
by runs, so they have keys of their own.
"""

from collections import OrderedDict
from collections.abc import Callable
from struct import Struct
from typing import TypeVar

from mock_server.simulation.records import RunRecord
from mock_server.simulation.scenario import Scenario
from mock_server.storage.lmdb import codec
from mock_server.storage.lmdb.environment import Transaction
from mock_server.storage.lmdb.keys import SCENARIOS, DamagedError, Keys, digest
from mock_server.storage.lmdb.plain import PlainError

_MAX_CACHED = 4096
_HEAD = Struct(">I16s")

Found = TypeVar("Found")


def required(transaction: Transaction, key: bytes) -> bytes:
    """The value of a key that has to be there. Raises `DamagedError`."""
    value = transaction.get(key)
    if value is None:
        raise DamagedError(key, "it is missing")
    return value


def decoded(decode: Callable[[bytes], Found], key: bytes, value: bytes) -> Found:
    """The value of a key, decoded. Raises `DamagedError`."""
    try:
        return decode(value)
    except PlainError as error:
        raise DamagedError(key, str(error)) from None


class RunValues:
    """Encodes, decodes and caches the runs of one sandbox."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._scenarios: dict[bytes, Scenario] = {}
        self._digests: dict[Scenario, bytes] = {}
        self._cache: OrderedDict[bytes, RunRecord] = OrderedDict()

    def has_scenario(self, scenario: Scenario) -> bool:
        """Whether the file is known to hold a scenario."""
        return scenario in self._digests

    def put_scenario(self, transaction: Transaction, scenario: Scenario) -> None:
        """Write a scenario."""
        data = codec.scenario_bytes(scenario)
        transaction.put(SCENARIOS + digest(data), data)

    def cache_scenario(self, scenario: Scenario) -> None:
        """Note that the file holds a scenario. Runs that are read from the file get this object."""
        key = digest(codec.scenario_bytes(scenario))
        self._digests[scenario], self._scenarios[key] = key, scenario

    def encode(self, run: RunRecord) -> bytes:
        """The value of a run. The file must hold its scenario."""
        return _HEAD.pack(run.version, self._digests[run.scenario]) + codec.run_bytes(run)

    def replace(self, value: bytes, run: RunRecord) -> bytes:
        """The value of a new version of a run; `value` is that of the old version."""
        _, scenario = _HEAD.unpack_from(value)
        return _HEAD.pack(run.version, scenario) + codec.run_bytes(run)

    def version(self, place: bytes, value: bytes) -> int:
        """The version of a run."""
        return self._head(place, value)[0]

    def decode(self, transaction: Transaction, place: bytes, value: bytes) -> RunRecord:
        """The run in the value of a place."""
        key, (version, scenario) = self._keys.places + place, self._head(place, value)
        if scenario not in self._scenarios:
            data = required(transaction, SCENARIOS + scenario)
            found = decoded(codec.scenario, SCENARIOS + scenario, data)
            self._digests[found], self._scenarios[scenario] = scenario, found
        try:
            run = codec.run(value[_HEAD.size :], self._scenarios[scenario])
        except PlainError as error:
            raise DamagedError(key, str(error)) from None
        if run.version != version:
            raise DamagedError(key, "it has two versions")
        return run

    def _head(self, place: bytes, value: bytes) -> tuple[int, bytes]:
        """The version of a run, and the digest of its scenario."""
        if len(value) < _HEAD.size:
            raise DamagedError(self._keys.places + place, "it is too short")
        version, scenario = _HEAD.unpack_from(value)
        return version, scenario

    def cached(self, place: bytes, value: bytes) -> RunRecord | None:
        """The cached run of a place, if it has the version of the value."""
        run = self._cache.get(place)
        return run if run is not None and value[:4] == run.version.to_bytes(4) else None

    def cache(self, place: bytes, run: RunRecord) -> RunRecord:
        """Return this object for its place until the version changes."""
        self._cache[place] = run
        if len(self._cache) > _MAX_CACHED:
            self._cache.popitem(last=False)
        return run

    def drop(self, place: bytes) -> None:
        """Remove a run from the cache."""
        self._cache.pop(place, None)

    def drop_cache(self) -> None:
        """Empty the cache, because some of its runs may not have been written."""
        self._cache.clear()
