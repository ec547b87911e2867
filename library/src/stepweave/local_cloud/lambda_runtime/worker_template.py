"""What the template of a function's workers runs: loads what any of them would, then forks one whenever it is told to.

Runs as a script, under ``python -I -S``, with the environment and the search path of the function, and with nothing of
the function itself: AWS's runtime and installed packages alone. Starting Python and loading these takes most of a
worker's start, and what is forked shares them. Each worker still loads the function's own modules, in its own init
phase.

Its standard input is a socket. A message ``fork`` brings two file descriptors, the pipe for the worker's output and
one that holds its order; the answer is its process id. A message ``reap PID`` is answered by how a worker that has
ended did so.

Arguments: the parent's process id, the handler, a JSON list of the modules to load, then the directories that go
before the standard library.
"""

import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import site
import socket
import sys
import time

MESSAGE_BYTES = 64
READY = b"ready"
UNFIT = b"unfit"
FAILED = b"failed"
SDK_DATA = ("endpoints", "partitions", "sdk-default-configuration", "_retry")


def load(modules: list[str]) -> bytes:
    """Load modules (``a.b``) and members of them (``a.b:c``), and say whether this process may be forked.

    It may not if one of them has started a thread, which a fork would not have.
    """
    for name in modules:
        module, _, attribute = name.partition(":")
        with contextlib.suppress(Exception):  # What is wrong with it, the worker that needs it will say.
            getattr(importlib.import_module(module), attribute or "__name__")
    with contextlib.suppress(Exception):
        keep_sdk_data()
    # What is here stays: the collector need not look at it in each worker, and write to every page of it.
    gc.collect()
    gc.freeze()
    return READY if len(os.listdir("/proc/self/task")) == 1 else UNFIT  # noqa: PTH208


def keep_sdk_data() -> None:
    """Have AWS's SDK read its data of endpoints here, since that is half the cost of a worker's first client."""
    from botocore.loaders import JSONFileLoader, create_loader  # noqa: PLC0415 - found on the path just set

    upstream = JSONFileLoader.load_file
    load = functools.cache(lambda path: upstream(JSONFileLoader(), path))
    JSONFileLoader.load_file = lambda _self, path: load(path)  # type: ignore[method-assign, assignment]
    loader = create_loader()
    for name in SDK_DATA:
        loader.load_data(name)


def serve(control: socket.socket) -> tuple[int, int] | None:
    """Answer messages until there are no more. In a worker, return its output and its order instead."""
    while True:
        message, descriptors, _flags, _address = socket.recv_fds(control, MESSAGE_BYTES, 2)
        if not message:
            return None
        action, _, pid = message.decode().partition(" ")
        if action == "fork":
            try:
                worker = os.fork()
            except OSError:
                worker = -1
            if worker == 0:
                return descriptors[0], descriptors[1]
            for descriptor in descriptors:
                os.close(descriptor)
            control.send(FAILED if worker < 0 else str(worker).encode())
        else:
            _pid, status = os.waitpid(int(pid), 0)
            control.send(str(os.waitstatus_to_exitcode(status)).encode())


def become_worker(output: int, order: int, template: int) -> None:
    """Be what a worker is that was started as a program, up to its call of the runtime."""
    os.setsid()
    bootstrap["die_with_parent"](template)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, standard in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(descriptor, standard)
    for descriptor in {nothing, output} - {0, 1, 2}:
        os.close(descriptor)
    with os.fdopen(order, "rb") as stream:
        environment = json.load(stream)
    os.environ.update(environment)  # the template has the same variables, with values of its own
    time.tzset()


def main() -> None:
    """Be a template, and then a worker."""
    parent, handler, modules, *directories = sys.argv[1:]
    bootstrap["die_with_parent"](int(parent))
    sys.path[:0] = directories
    site.setquit()
    site.sethelper()
    fitness = load(json.loads(modules))
    me = os.getpid()
    with socket.socket(fileno=0) as control:
        control.send(fitness)
        worker = serve(control)
    if worker is not None:
        become_worker(*worker, me)
        from awslambdaric.__main__ import main as run  # noqa: PLC0415 - found on the path just set

        run(["bootstrap", handler])


if __name__ == "__main__":
    bootstrap = runpy.run_path(os.path.join(os.path.dirname(__file__), "worker_bootstrap.py"))  # noqa: PTH118, PTH120
    main()
