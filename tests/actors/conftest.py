"""One Ray cluster for all tests of a session."""

from collections.abc import Iterator
from typing import Any

import pytest
import stamina

from swarm.actors.places import Places
from swarm.actors.rayenv import prepare_environment

STARTS = 3


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two nodes on this machine; the second has the resource `far`."""
    folder = tmp_path_factory.mktemp("ray")
    prepare_environment(Places(folder))
    import ray
    from ray.cluster_utils import Cluster

    def start() -> Any:
        cluster = Cluster(
            initialize_head=True,
            connect=True,
            head_node_args={"num_cpus": 2, "include_dashboard": False},
        )
        cluster.add_node(num_cpus=2, resources={"far": 1})
        return cluster

    def start_again(error: Exception) -> bool:
        """On a loaded machine Ray's own start times out."""
        ray.shutdown()
        return True

    cluster = stamina.retry(on=start_again, attempts=STARTS)(start)()
    yield cluster
    ray.shutdown()
    cluster.shutdown()
