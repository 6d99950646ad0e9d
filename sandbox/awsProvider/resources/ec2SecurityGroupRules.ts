/** The rules of a security group: terraform-provider-aws internal/service/ec2/vpc_security_group.go. */
import type { EC2, IpPermission } from "@aws-sdk/client-ec2";
import { blocks, boolean, integer, Property, string, strings } from "../bridge/schema";
import { all, length, matches } from "../bridge/validators";
import { asMaps, asNumber, asString, asStrings, Value, ValueMap } from "../bridge/values";

/** internal/service/ec2/validate.go, validSecurityGroupRuleDescription. */
const description = all(
    length(0, 255),
    matches(
        /^[0-9A-Za-z_ .:/()#,@[\]+=&;{}!$*-]*$/,
        `doesn't comply with restrictions ("^[0-9A-Za-z_ .:/()#,@\\[\\]+=&;\\{\\}!$*-]*$")`,
    ),
);

/**
 * A few rules with many sources, or many rules with one source each: AWS and the diff compare the traffic that is
 * allowed.
 */
export const rules: Property = blocks(
    "set",
    {
        cidrBlocks: strings("list"),
        description: string({ validate: description }),
        fromPort: integer({ required: true }),
        ipv6CidrBlocks: strings("list"),
        prefixListIds: strings("list"),
        protocol: string({ required: true }),
        securityGroups: strings("set"),
        self: boolean({ default: false }),
        toPort: integer({ required: true }),
    },
    {
        computed: true,
        equivalent: (old, now) => withoutThoseOf(old, now).length + withoutThoseOf(now, old).length === 0,
    },
);

type SourceKind = "cidrBlocks" | "ipv6CidrBlocks" | "prefixListIds" | "securityGroups" | "self";

/** One source that one rule allows, or one target. */
interface Grant {
    readonly protocol: string;
    readonly fromPort: number;
    readonly toPort: number;
    readonly description: string;
    readonly kind: SourceKind;
    readonly source: string;
}

/**
 * Numbers of well-known protocols are written as names (vpc_security_group.go, protocolForValue and
 * securityGroupProtocolIntegers).
 */
const protocolNames: Readonly<Record<string, string>> = {
    all: "-1",
    "1": "icmp",
    "6": "tcp",
    "17": "udp",
    "58": "icmpv6",
};

function grantsOf(value: Value | undefined): Grant[] {
    return asMaps(value).flatMap((rule) => {
        const protocol = (asString(rule["protocol"]) ?? "").toLowerCase();
        const common = {
            protocol: protocolNames[protocol] ?? protocol,
            fromPort: asNumber(rule["fromPort"]) ?? 0,
            toPort: asNumber(rule["toPort"]) ?? 0,
            description: asString(rule["description"]) ?? "",
        };
        const kinds = ["cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups"] as const;
        return [
            ...kinds.flatMap((kind) => asStrings(rule[kind]).map((source): Grant => ({ ...common, kind, source }))),
            ...(rule["self"] === true ? [{ ...common, kind: "self" as const, source: "" }] : []),
        ];
    });
}

function withoutThoseOf(some: Value | undefined, others: Value | undefined): Grant[] {
    const known = new Set(grantsOf(others).map((grant) => JSON.stringify(grant)));
    return grantsOf(some).filter((grant) => !known.has(JSON.stringify(grant)));
}

function permission(groupId: string, grant: Grant): IpPermission {
    const { kind, source, protocol, fromPort, toPort } = grant;
    if (protocol === "-1" && (fromPort !== 0 || toPort !== 0)) {
        throw new Error(
            `from_port (${fromPort}) and to_port (${toPort}) must both be 0 to use the 'ALL' "-1" protocol!`,
        );
    }
    const Description = grant.description === "" ? undefined : grant.description;
    return {
        IpProtocol: protocol,
        ...(protocol === "-1" ? {} : { FromPort: fromPort, ToPort: toPort }),
        ...(kind === "cidrBlocks" && { IpRanges: [{ CidrIp: source, Description }] }),
        ...(kind === "ipv6CidrBlocks" && { Ipv6Ranges: [{ CidrIpv6: source, Description }] }),
        ...(kind === "prefixListIds" && { PrefixListIds: [{ PrefixListId: source, Description }] }),
        ...(kind === "securityGroups" && { UserIdGroupPairs: [{ GroupId: source, Description }] }),
        ...(kind === "self" && { UserIdGroupPairs: [{ GroupId: groupId, Description }] }),
    };
}

/** Revokes first (vpc_security_group.go, updateSecurityGroupRules): a group cannot have the same rule twice. */
export async function setRules(
    ec2: EC2,
    GroupId: string,
    direction: "ingress" | "egress",
    olds: Value | undefined,
    news: Value | undefined,
): Promise<void> {
    const revoked = withoutThoseOf(olds, news).map((grant) => permission(GroupId, grant));
    const granted = withoutThoseOf(news, olds).map((grant) => permission(GroupId, grant));
    if (revoked.length > 0) {
        const request = { GroupId, IpPermissions: revoked };
        await (direction === "ingress"
            ? ec2.revokeSecurityGroupIngress(request)
            : ec2.revokeSecurityGroupEgress(request));
    }
    if (granted.length > 0) {
        const request = { GroupId, IpPermissions: granted };
        await (direction === "ingress"
            ? ec2.authorizeSecurityGroupIngress(request)
            : ec2.authorizeSecurityGroupEgress(request));
    }
}

/** Merges the rules with the same protocol, ports and description (vpc_security_group.go, securityGroupIPPermGather). */
export function describeRules(groupId: string, permissions: readonly IpPermission[] = []): ValueMap[] {
    const gathered = new Map<string, ValueMap & Record<Exclude<SourceKind, "self">, string[]>>();
    for (const { kind, source, ...common } of permissions.flatMap((actual) => grantsIn(groupId, actual))) {
        const key = JSON.stringify(common);
        const none = { cidrBlocks: [], ipv6CidrBlocks: [], prefixListIds: [], securityGroups: [] };
        const rule = gathered.get(key) ?? { ...common, ...none, self: false };
        gathered.set(key, rule);
        if (kind === "self") {
            rule["self"] = true;
        } else {
            rule[kind].push(source);
        }
    }
    return [...gathered.values()];
}

function grantsIn(groupId: string, actual: IpPermission): Grant[] {
    const grant = (kind: SourceKind, source: string | undefined, text: string | undefined): Grant => ({
        protocol: actual.IpProtocol ?? "",
        fromPort: actual.FromPort ?? 0,
        toPort: actual.ToPort ?? 0,
        description: text ?? "",
        kind,
        source: source ?? "",
    });
    return [
        ...(actual.IpRanges ?? []).map((of) => grant("cidrBlocks", of.CidrIp, of.Description)),
        ...(actual.Ipv6Ranges ?? []).map((of) => grant("ipv6CidrBlocks", of.CidrIpv6, of.Description)),
        ...(actual.PrefixListIds ?? []).map((of) => grant("prefixListIds", of.PrefixListId, of.Description)),
        ...(actual.UserIdGroupPairs ?? []).map((of) =>
            of.GroupId === groupId
                ? grant("self", "", of.Description)
                : grant("securityGroups", of.GroupId, of.Description),
        ),
    ];
}
