# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The gss-winrm authors
"""TCP balancers: a virtual address whose connections go to one node after
the other.  They look at no byte, as a balancer in front of WinRM does."""

import asyncio
import itertools

import hosts


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except (ConnectionError, OSError):
        writer.close()


async def forward(client, node, port):
    try:
        server = await asyncio.open_connection(node.address, port)
    except OSError:
        client[1].close()
        return
    await asyncio.gather(pump(client[0], server[1]),
                         pump(server[0], client[1]))
    for writer in (client[1], server[1]):
        writer.close()


async def balance(balanced, port):
    turns = itertools.cycle(hosts.BY_NAME[name] for name in balanced.nodes)

    async def accept(reader, writer):
        await forward((reader, writer), next(turns), port)

    return await asyncio.start_server(accept, balanced.address, port)


async def balance_all():
    for balanced in hosts.BALANCED:
        for port in (5985, 5986):
            await balance(balanced, port)
    await asyncio.Event().wait()


def serve():
    asyncio.run(balance_all())
