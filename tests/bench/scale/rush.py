# A server of its own for many logins at a time: the accounts and containers that they need would be in the way of what grows.
from crowd import COMPARED, begin, set_up

NAME = "rush"
__all__ = ["COMPARED", "NAME", "begin", "set_up"]
