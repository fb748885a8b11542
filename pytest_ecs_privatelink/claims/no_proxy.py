"""Which hosts an agent's proxy variables send by a proxy, as Go's net/http reads them."""


def proxies_for(host: str, variables: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of ``variables`` (``NAME=value``) by which calls to ``host`` take a proxy.

    None do where ``NO_PROXY`` names the host, a domain that it is in, or everything.
    """
    known = dict(each.partition("=")[::2] for each in variables)
    spared = known.pop("NO_PROXY", "")
    if any(_covers(each.strip().lower(), host.lower()) for each in spared.split(",")):
        return ()
    return tuple(f"{name}={value}" for name, value in known.items() if value)


def _covers(entry: str, host: str) -> bool:
    """Whether an entry spares ``host``: ``.domain`` and ``*.domain`` only what is below it."""
    name, _, port = entry.partition(":")
    if name == "*":
        return True
    if not name or port not in ("", "443"):
        return False
    name = name.removeprefix("*")
    if name.startswith("."):
        return host.endswith(name)
    return host == name or host.endswith(f".{name}")
