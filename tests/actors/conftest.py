"""One Ray cluster for all tests of a session."""

from collections.abc import Iterator
from typing import Any

import pytest
import stamina

from swarm.actors.rayenv import prepare_environment

STARTS = 3


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two nodes on this machine; the second has the resource `far`."""
    folder = tmp_path_factory.mktemp("ray")
    prepare_environment(folder)
    import ray
    from ray.cluster_utils import Cluster

    def start() -> Any:
        """On a loaded machine Ray's own start times out; what it had started is ended first."""
        cluster: Any = Cluster()
        try:
            cluster.add_node(num_cpus=2, include_dashboard=False)
            cluster.add_node(num_cpus=2, resources={"far": 1})
            cluster.connect()
        except BaseException:
            ray.shutdown()
            cluster.shutdown()
            raise
        return cluster

    cluster = stamina.retry(on=Exception, attempts=STARTS)(start)()
    yield cluster
    ray.shutdown()
    cluster.shutdown()
