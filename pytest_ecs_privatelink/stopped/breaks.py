"""How a connection failed, by the words of the agent's language (Go) and of ECS.

The substrings that AWS lists as network errors (AmazonECS, "resource initialization error"; FACTS
section 4) are all here. The first row that fits decides: those that say more come first.
"""

from pytest_ecs_privatelink.stopped.row import Break
from pytest_ecs_privatelink.verdict import Code

_LISTED = "FACTS section 4, official list"
_GO = "Go, packages net, net/http and crypto/tls: the texts of their errors"
_AGENT = "FACTS section 4.1, agent log (amazon-ecs-agent#882)"
_ADDRESS = r"(?:\[[0-9A-Fa-f:.%\w]+\]|\d{1,3}(?:\.\d{1,3}){3})"
_DNS_SERVERS = (
    "look at enableDnsSupport, the DHCP options' name servers, and the way to them (port 53)"
)
_ALL_OF_IT = (
    "look at the endpoint and its private DNS first, then at the endpoint's security group (443 "
    "from the tasks), the tasks' outbound rules, the network ACLs and the routes"
)
_FILTERS = (
    "look at the endpoint's security group (443 from the tasks), then the tasks' outbound rules, "
    "the subnets' network ACLs (443 out, ephemeral ports back), and routes"
)

BREAKS = (
    Break(
        id="proxy",
        seen=r"\bproxyconnect\b",
        code=None,
        says="the proxy that calls are sent through was not reached, so the endpoint was not tried",
        advice="mend HTTP_PROXY and HTTPS_PROXY, and put the endpoints' names into NO_PROXY",
        source=_GO,
    ),
    Break(
        id="no-such-host",
        seen=r"no such host",
        code=Code.DNS_NXDOMAIN,
        says="the name {name} does not exist (NXDOMAIN)",
        advice="look for a private hosted zone that covers the name without its record, and for "
        "DNS Firewall",
        source=_GO,
    ),
    Break(
        id="server-misbehaving",
        seen=r"\blookup \S+.*server misbehaving",
        code=Code.DNS_SERVFAIL,
        says="the name server fails (SERVFAIL) on {name}",
        advice="look at the servers that Resolver rules or the DHCP options forward the name to",
        source=_GO,
    ),
    Break(
        id="lookup-refused",
        seen=r"\blookup \S+.*connection refused",
        code=Code.DNS_REFUSED,
        says="the name server refuses to be asked for {name}",
        advice=_DNS_SERVERS,
        source=_GO,
    ),
    Break(
        id="lookup-timeout",
        seen=r"\blookup \S+ on \S+:53\b|\blookup \S+.*(?:i/o timeout|timed out|deadline)"
        r"|\bdial udp\b|\bread udp\b",
        code=Code.DNS_TIMEOUT,
        says="the name server does not answer for {name}",
        advice=_DNS_SERVERS,
        source=f"{_AGENT}; {_LISTED}",
    ),
    Break(
        id="certificate",
        seen=r"\bx509: |certificate (?:signed by unknown|is not trusted|has expired)",
        code=Code.TLS_CERTIFICATE,
        says="the certificate that was presented does not hold",
        advice="look at who issued it: a firewall that inspects TLS, or a hosted zone that points "
        "elsewhere",
        source=_GO,
    ),
    Break(
        id="tls",
        seen=r"TLS handshake timeout|\bremote error: tls\b|\btls: ",
        code=Code.TLS_HANDSHAKE,
        says="TCP is accepted, and TLS never finished",
        advice="look for a proxy or firewall on the way, and for a path that drops large packets",
        source=f"{_LISTED}; {_GO}",
    ),
    Break(
        id="refused",
        seen=r"connection refused|connection reset by peer|broken pipe",
        code=Code.TCP_REFUSED,
        says="the connection was refused or reset{at_address}",
        advice="look at what answers at that address: a proxy, a firewall, or a record that is not "
        "AWS's",
        source=_GO,
    ),
    Break(
        id="unreachable",
        seen=r"no route to host|network is unreachable|host is unreachable",
        code=Code.TCP_UNREACHABLE,
        says="no route leads to {address}",
        advice="look at the subnets' route tables",
        by_place=True,
        source=_GO,
    ),
    Break(
        id="dial-timeout",
        seen=rf"\bdial tcp {_ADDRESS}:\d+|\b(?:read|write) tcp \S+->{_ADDRESS}:\d+"
        rf"|{_ADDRESS}:\d+: i/o timeout",
        code=Code.TCP_TIMEOUT,
        says="no answer{at_address}",
        advice=_FILTERS,
        by_place=True,
        silent=True,
        source=_LISTED,
    ),
    Break(
        id="read-timeout",
        seen=r"(?:read|connect|write): connection timed out",
        code=Code.TCP_TIMEOUT,
        says="the connection got no answer",
        advice=_FILTERS,
        silent=True,
        source=_LISTED,
    ),
    Break(
        id="no-connection",
        seen=r"request cancell?ed while waiting for connection",
        code=Code.TCP_TIMEOUT,
        says="no connection came about in time",
        advice=_ALL_OF_IT,
        silent=True,
        source=_LISTED,
    ),
    Break(
        id="closed",
        seen=r": (?:unexpected )?EOF\b",
        code=None,
        says="the connection was closed before there was an answer",
        advice="look at what answers in the endpoint's place: a proxy, a firewall, a hosted zone's "
        "record",
        source=_GO,
    ),
    Break(
        id="out-of-time",
        # ECS cuts long reasons (FACTS section 4, platform 1.4), so a part will do.
        seen=r"signal: killed|context deadl|Client\.Timeout exceeded|request context cancell?ed"
        r"|i/o timeout|\bdial tcp\b",
        code=None,
        says="it ran out of time, which is the network; the text does not say whether at the name, "
        "the connection or the answer",
        advice=_ALL_OF_IT,
        silent=True,
        source=_LISTED,
    ),
    Break(
        id="connection-issue",
        seen=r"there is a connection issue|check your (?:task )?network (?:connection|config)"
        r"|send request failed",
        code=None,
        says="ECS calls it a connection issue, and does not say whether at the name, the "
        "connection or the answer",
        advice=_ALL_OF_IT,
        silent=True,
        source="9, 10, 11, 13, 17, 23, 30",
    ),
    Break(
        id="cut-off",
        seen=r"has been retried(?: \d+ times?(?:\(s\))?)?[:\s.\u2026]*"
        r"(?:asm fetching secret from the service for[^:]*)?$",
        code=None,
        says="the text ends before its reason: the path, or else a refusal by IAM",
        advice=f"{_ALL_OF_IT}; then the execution role's permissions",
        silent=True,
        source="4, 5",
    ),
)
"""Every way that a connection fails, in the order in which they are looked for."""
