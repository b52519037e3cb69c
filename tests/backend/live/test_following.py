from __future__ import annotations

import asyncio
import random
import subprocess
import time
from collections.abc import Callable
from datetime import datetime

import pytest

from backend.live.topics import lab_topic
from tests.backend.live.followers import catch_up, dial, follow_with_cuts, hear, subscribe
from tests.running.product import Installation
from tests.running.services import Postgres, Redis

SOCKETS, EVENTS, WRITERS = 50, 200, 4
SOCKETS_OF_SERVERS = 20
"""PostgreSQL and Redis have to get the order right as well; how many a web process bears is seen without them."""


def start_writers(installation: Installation, topic: str, count: int, pause_s: float) -> list[subprocess.Popen[bytes]]:
    writer = ("-m", "tests.backend.live.writer", topic, str(count // WRITERS), str(pause_s))
    return [installation.start(f"writer-{number}", *writer) for number in range(WRITERS)]


def seqs_in_the_log(installation: Installation, topic: str) -> list[int]:
    code = "from backend.live.models import LoggedEvent as E; "
    code += f"print(*E.objects.filter(topic_id='{topic}').order_by('id').values_list('seq', flat=True))"
    return [int(seq) for seq in installation.manage("shell", "--no-imports", "-c", code).split()]


async def test_browsers_that_are_cut_at_random_get_every_event_in_order_from_four_writers(installation: Installation) -> None:
    seeded = installation.seed()
    web, topic, dice = installation.start_web(), lab_topic(seeded["lab"]), random.Random(20)
    session = seeded["sessions"]["embryologist"]
    followers = [
        asyncio.create_task(follow_with_cuts(web, session, topic, until=EVENTS, dice=random.Random(dice.random()), cuts=dice.randint(1, 5)))
        for _ in range(SOCKETS_OF_SERVERS if "REDIS_URL" in installation.environment else SOCKETS)
    ]
    writers = start_writers(installation, topic, EVENTS, pause_s=0.01)
    async with asyncio.timeout(120):
        heard = await asyncio.gather(*followers)
    assert [writer.wait(10) for writer in writers] == [0] * WRITERS
    for seqs in heard:
        assert seqs == list(range(1, EVENTS + 1))
    # Events that were taken back left no gap either.
    assert sorted(seqs_in_the_log(installation, topic)) == list(range(1, EVENTS + 1))


async def test_a_browser_that_reconnects_gets_what_it_missed_and_nothing_twice(installation: Installation) -> None:
    seeded = installation.seed()
    web, topic, session = installation.start_web(), lab_topic(seeded["lab"]), seeded["sessions"]["viewer"]
    installation.run("-m", "tests.backend.live.writer", topic, "30")
    async with dial(web, session) as socket:
        assert await catch_up(socket, topic) == list(range(1, 31))
    installation.run("-m", "tests.backend.live.writer", topic, "5")
    async with dial(web, session) as socket:
        assert await catch_up(socket, topic, after=30) == list(range(31, 36))
        # Asking again is the heartbeat.
        assert await catch_up(socket, topic, after=35) == []


async def test_news_arrives_within_a_second_of_its_commit(installation: Installation) -> None:
    seeded = installation.seed()
    web, topic, session = installation.start_web(), lab_topic(seeded["lab"]), seeded["sessions"]["viewer"]
    async with dial(web, session) as socket:
        assert await catch_up(socket, topic) == []
        writer = installation.start("writer", "-m", "tests.backend.live.writer", topic, "20", "0.1")
        late_s = []
        for seq in range(1, 21):
            message = await hear(socket, 30)
            late_s.append(time.time() - datetime.fromisoformat(message.at).timestamp())
            assert message.seq == seq
        assert max(late_s) < 1, late_s
        assert await asyncio.to_thread(writer.wait, 10) == 0


async def test_a_web_process_that_is_restarted_costs_a_follower_nothing(installation: Installation) -> None:
    seeded = installation.seed()
    web, topic, session = installation.start_web(), lab_topic(seeded["lab"]), seeded["sessions"]["viewer"]
    async with dial(web, session) as socket:
        await subscribe(socket, topic)
        await hear(socket)
        web.stop()
    installation.run("-m", "tests.backend.live.writer", topic, "10")
    web = installation.start_web(web.port)
    async with dial(web, session) as socket:
        assert await catch_up(socket, topic) == list(range(1, 11))


@pytest.mark.both_stacks
async def test_the_news_goes_on_while_redis_is_away(
    install: Callable[..., Installation], postgres: Postgres, seeded_database: Installation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    redis = Redis(tmp_path_factory.mktemp("redis-away"))
    redis.start()
    try:
        installation = install(DATABASE_URL=postgres.new_database("redis_away", template="seeded"), REDIS_URL=redis.url())
        installation.template = seeded_database
        seeded = installation.seed()
        web, topic = installation.start_web(), lab_topic(seeded["lab"])
        async with dial(web, seeded["sessions"]["viewer"]) as socket:
            assert await catch_up(socket, topic) == []
            redis.stop()
            writer = installation.start("writer", "-m", "tests.backend.live.writer", topic, "10")
            assert [(await hear(socket, 30)).seq for _ in range(10)] == list(range(1, 11))
            assert await asyncio.to_thread(writer.wait, 10) == 0
            redis.start()
            installation.run("-m", "tests.backend.live.writer", topic, "5")
            assert [(await hear(socket)).seq for _ in range(5)] == list(range(11, 16))
    finally:
        redis.stop()
