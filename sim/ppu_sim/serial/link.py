"""Requests to a bridge and their replies, over a line that loses and changes bytes."""

import time
from collections import deque
from dataclasses import replace

from ppu_fpga.bridge.protocol import (
    END,
    HEADER_REPLY,
    SIZE_CHECK,
    Identity,
    Kind,
    ProtocolError,
    Reply,
    Request,
    Status,
    Unstuffer,
)

from .errors import ForeignBridge, NoAnswer, RequestRefused
from .greeting import Greeting

__all__ = ["Link"]

#: Seconds that a reply may take, besides the time of its bytes on the line: the latency of the
#: USB chips, of the network, and of a host that is busy.
REPLY_SECONDS = 0.5
#: Times that the bridge is asked for its identity, at first and when it has answered before.
GREETINGS, REGREETINGS = 6, 12
#: Times that one request is sent.
ATTEMPTS = 20
#: Requests without a reply at a time, of which each has a tag of its own. 0 is no tag of ours:
#: replies have it that belong to no request. After a loss there are half as many, and one more
#: after each reply, so that on a bad line less is sent in vain.
MOST_WAITING = 200
_TAGS = 255
#: The bridge could not take a request as it was sent: it can be sent again.
_LOST = (Status.BAD_FRAME, Status.OVERRUN)


class _Lost(Exception):
    """Requests, or their replies, did not get through."""


class Link:
    """The connection to a bridge.

    As many requests are under way as the bridge has room for, so that the latency of a round trip
    is paid once. What does not get through is sent again: everything without a good reply, in
    order, after the line is found to be clear. So a request may take effect more than once, and
    before an older one that was lost: the caller waits for the reply where the order matters.

    Parameters
    ----------
    port : Port
        The line.

    Attributes
    ----------
    identity : ppu_fpga.bridge.protocol.Identity
        What the bridge tells of itself.
    irq : bool
        The core's interrupt when the last reply was made.
    repeats : int
        Times that requests were sent again.

    Raises
    ------
    NoAnswer, ForeignBridge
        If no bridge answers.
    """

    def __init__(self, port):
        self.port = port
        self.irq, self.repeats = False, 0
        self._unstuffer, self._frames = Unstuffer(), deque()
        self._tag = self._partial = 0
        self._window = MOST_WAITING
        self.identity = self._greet(GREETINGS)
        self._clear = True

    def exchange(self, requests, progress=None):
        """Sends requests; returns the data of their replies, in order.

        Parameters
        ----------
        requests : list of Request
            Their tags do not matter.
        progress : callable, optional
            Called with the number of replies, now and then.

        Raises
        ------
        RequestRefused
            If a request cannot be done. Others of them may have taken effect.
        NoAnswer
            If the bridge does not answer any more.
        ForeignBridge
            If it is another one now, or does not keep to the protocol.
        Disconnected
            If the port is gone.
        """
        if not self._clear:
            self._resume()
        self._clear = False  # until the last reply is there, whatever happens in between
        answers, failures = [], 0
        while len(answers) < len(requests):
            try:
                for data in self._stream(requests[len(answers) :]):
                    answers.append(data)
                    failures = 0
                    if progress is not None:
                        progress(len(answers))
            except _Lost as lost:
                failures += 1
                self.repeats += 1
                self._window = max(1, self._window // 2)
                if failures == ATTEMPTS:
                    request = requests[len(answers)]
                    raise NoAnswer(
                        f"{_text(request)} did not get through to {self.port.name} in {ATTEMPTS} "
                        f"attempts; the last time: {lost}. Is the cable too long, or the baud rate "
                        "too high for the bridge?"
                    ) from None
                self._resume()
        self._clear = True
        return answers

    def _stream(self, requests):
        """Sends requests as the bridge has room, and yields the data of their replies."""
        waiting, room, sent = deque(), self.identity.receive_buffer, 0
        while waiting or sent < len(requests):
            batch = bytearray()
            while sent < len(requests) and len(waiting) < self._window:
                if requests[sent].size > room:
                    break
                request = replace(requests[sent], tag=self._next_tag())
                batch += request.encode()
                waiting.append(request)
                room -= request.size
                sent += 1
            if batch:
                self.port.send(bytes(batch))
            data = self._reply(waiting)
            room += waiting.popleft().size
            self._window = min(MOST_WAITING, self._window + 1)
            yield data

    def _reply(self, waiting):
        """The data of the reply to the oldest of the `waiting` requests."""
        request = waiting[0]
        size = _reply_size(request)
        on_line = size + sum(other.size for other in waiting)
        frame = self._next_frame(size, time.monotonic() + self._seconds(on_line))
        if frame is None:
            raise _Lost("no reply in time")
        if frame.error:
            raise _Lost(f"a bad frame came back, {frame.error}")
        try:
            reply = Reply.decode(frame.body)
        except ProtocolError as error:
            raise ForeignBridge(f"{self.port.name} breaks the protocol: {error}") from None
        self.irq = reply.irq
        if reply.status in _LOST:
            raise _Lost(f"the bridge says {reply.status.name}")
        if reply.tag != request.tag:
            raise _Lost("a reply is missing")
        if reply.status is not Status.OK:
            raise RequestRefused(
                f"the bridge at {self.port.name} answers {_text(request)} with {reply.status.name}",
                reply.status,
            )
        if len(reply.data) != _reply_count(request):
            raise ForeignBridge(
                f"{self.port.name} breaks the protocol: {len(reply.data)} bytes of data in the "
                f"reply to {_text(request)}"
            )
        return reply.data

    def _next_frame(self, expected, deadline):
        """The next frame; None if there is none until the deadline.

        `expected` bytes are read in one go, if that many come at once.
        """
        while not self._frames:
            if time.monotonic() > deadline:
                return None
            received = self.port.receive(max(1, expected - self._partial))
            end = received.rfind(END)
            self._partial = len(received) + (self._partial if end < 0 else -1 - end)
            self._frames.extend(self._unstuffer.feed(received))
        return self._frames.popleft()

    def _resume(self):
        """Waits until nothing is under way any more; the bridge must be the same as before."""
        identity = self._greet(REGREETINGS)
        if identity != self.identity:
            raise ForeignBridge(
                f"another bridge answers at {self.port.name} than before: {identity}, "
                f"not {self.identity}; open it anew"
            )

    def _greet(self, attempts):
        """Asks the bridge for its identity until it answers, and drops all that comes before."""
        greeting = Greeting(self.port)
        for _ in range(attempts):
            request = Request(kind=Kind.IDENTIFY, tag=self._next_tag())
            # Two ends: what the bridge has of a frame that was cut off is at its end.
            self.port.send(bytes([END, END]) + request.encode())
            deadline = time.monotonic() + self._seconds(_reply_size(request))
            while (frame := self._next_frame(1, deadline)) is not None:
                identity = greeting.judge(request, frame)
                if identity is not None:
                    return identity
                if not frame.error:  # older replies may be many
                    deadline = time.monotonic() + self._seconds(len(frame.body))
            greeting.rest(self._partial)
        raise NoAnswer(greeting.verdict())

    def _next_tag(self):
        self._tag = self._tag % _TAGS + 1
        return self._tag

    def _seconds(self, count):
        """How long `count` bytes may take, all of them stuffed at worst."""
        return REPLY_SECONDS + 2 * 10 * count / self.port.baud


def _reply_count(request):
    """Bytes of data in a good reply."""
    if request.kind is Kind.IDENTIFY:
        return Identity.SIZE
    return request.count if request.kind in (Kind.READ_REGISTER, Kind.READ_MEMORY) else 0


def _reply_size(request):
    """Bytes of a good reply on the line, if none is stuffed, with the end."""
    return HEADER_REPLY + _reply_count(request) + SIZE_CHECK + 1


def _text(request):
    """A request in a message."""
    text = f"{Kind(request.kind).name} at {request.address:#x}"
    return f"{text}, {request.count} bytes" if request.count else text
