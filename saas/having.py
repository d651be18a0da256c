"""A context variable that has a value for a while."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Having(Generic[Value]):
    """`with Having(variable, value):` - every request enters several, so without the generator of `contextmanager`."""

    __slots__ = ("_token", "_value", "_variable")

    def __init__(self, variable: ContextVar[Value], value: Value) -> None:
        self._variable, self._value = variable, value
        self._token: Token[Value] | None = None

    def __enter__(self) -> None:
        if self._token is not None:
            raise RuntimeError("it is entered already")
        self._token = self._variable.set(self._value)

    def __exit__(self, *_problem: object) -> None:
        if self._token is not None:
            self._variable.reset(self._token)
            self._token = None
