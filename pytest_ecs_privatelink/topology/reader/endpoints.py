"""Endpoints, the interfaces of the VPC, and what AWS offers in the Region."""

from pytest_ecs_privatelink.catalogue.services import (
    SERVICES,
    parse_service_name,
    service_name,
)
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    EndpointServiceOffer,
    EndpointType,
    Interface,
)
from pytest_ecs_privatelink.topology.reader.scope import Scope, name_of, optional, utc
from pytest_ecs_privatelink.topology.reader.wire import Raw


def read_endpoints(scope: Scope) -> tuple[Endpoint, ...]:
    """Return the VPC's endpoints; emulators list deleted ones for ever, AWS does not."""
    found = scope.of_vpc("DescribeVpcEndpoints", "VpcEndpoints", _endpoint)
    return tuple(endpoint for endpoint in found if endpoint.state != "deleted")


def read_interfaces(scope: Scope) -> tuple[Interface, ...]:
    """Return every network interface of the VPC."""
    return scope.of_vpc("DescribeNetworkInterfaces", "NetworkInterfaces", _interface)


def read_endpoint_services(scope: Scope) -> tuple[EndpointServiceOffer, ...]:
    """Return what AWS offers in this Region of the catalogue's endpoint services."""
    names = {service_name(service, scope.region) for service in SERVICES}
    # Where a partition has its own prefix, which services carry it is AWS's to say.
    names |= {f"com.amazonaws.{scope.region}.{service}" for service in SERVICES}
    found = scope.wire.records(
        "ec2",
        "DescribeVpcEndpointServices",
        "ServiceDetails",
        _offer,
        Filters=[{"Name": "service-name", "Values": sorted(names)}],
    )
    return tuple(offer for offer in found if _is_ours(offer, scope.region))


def _endpoint(raw: Raw) -> Endpoint:
    type_ = _type(raw)
    options = raw.get("DnsOptions") or {}
    return Endpoint(
        id=raw["VpcEndpointId"],
        service_name=optional(raw, "ServiceName") or "",
        type=type_,
        state=str(raw.get("State", "")).lower(),
        # Emulators say true for gateways, which have no names at all.
        private_dns=type_ is EndpointType.INTERFACE and bool(raw.get("PrivateDnsEnabled")),
        subnets=tuple(sorted(raw.get("SubnetIds", ()))),
        route_tables=tuple(sorted(raw.get("RouteTableIds", ()))),
        groups=tuple(sorted(group["GroupId"] for group in raw.get("Groups", ()))),
        interfaces=tuple(sorted(raw.get("NetworkInterfaceIds", ()))),
        dns_names=tuple(e["DnsName"] for e in raw.get("DnsEntries", ()) if e.get("DnsName")),
        policy=optional(raw, "PolicyDocument"),
        created=utc(raw.get("CreationTimestamp")),
        service_region=optional(raw, "ServiceRegion"),
        private_dns_inbound_resolver_only=bool(
            options.get("PrivateDnsOnlyForInboundResolverEndpoint")
        ),
        ip_address_type=optional(raw, "IpAddressType"),
        last_error=_last_error(raw),
        name=name_of(raw),
    )


def _type(raw: Raw) -> EndpointType:
    # Emulators omit the type where it was not given, and AWS's default is Gateway.
    text = optional(raw, "VpcEndpointType") or EndpointType.GATEWAY
    return EndpointType(text) if text in set(EndpointType) else EndpointType.OTHER


def _last_error(raw: Raw) -> str | None:
    error = raw.get("LastError") or {}
    parts = [optional(error, "Code"), optional(error, "Message")]
    return ": ".join(part for part in parts if part) or optional(raw, "FailureReason")


def _interface(raw: Raw) -> Interface:
    private = [entry["PrivateIpAddress"] for entry in raw.get("PrivateIpAddresses", ())]
    single = optional(raw, "PrivateIpAddress")
    attachment = raw.get("Attachment") or {}
    return Interface(
        id=raw["NetworkInterfaceId"],
        subnet=optional(raw, "SubnetId") or "",
        type=optional(raw, "InterfaceType") or "interface",
        addresses=tuple(private or [address for address in [single] if address]),
        ipv6_addresses=tuple(entry["Ipv6Address"] for entry in raw.get("Ipv6Addresses", ())),
        public_address=optional(raw.get("Association") or {}, "PublicIp"),
        groups=tuple(sorted(group["GroupId"] for group in raw.get("Groups", ()))),
        mac=optional(raw, "MacAddress"),
        description=optional(raw, "Description"),
        instance=optional(attachment, "InstanceId"),
        primary=attachment.get("DeviceIndex") == 0,
        managed=bool((raw.get("Operator") or {}).get("Managed")),
    )


def _offer(raw: Raw) -> EndpointServiceOffer:
    names = [entry["PrivateDnsName"] for entry in raw.get("PrivateDnsNames", ())]
    single = optional(raw, "PrivateDnsName")
    return EndpointServiceOffer(
        service_name=raw["ServiceName"],
        types=tuple(entry["ServiceType"] for entry in raw.get("ServiceType", ())),
        private_dns_names=tuple(names or [name for name in [single] if name]),
        azs=tuple(raw.get("AvailabilityZones", ())),
        policy_supported=raw.get("VpcEndpointPolicySupported"),
        ip_address_types=tuple(raw.get("SupportedIpAddressTypes", ())),
    )


def _is_ours(offer: EndpointServiceOffer, region: str) -> bool:
    parsed = parse_service_name(offer.service_name)
    return parsed is not None and parsed.region == region and parsed.service in SERVICES
