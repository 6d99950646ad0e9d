import { ACCOUNT, Answers, AwsCall, AwsFailure, REGION } from "./fakeAws";

export interface Role {
    /** By ARN. */
    attached?: string[];
    inline?: Record<string, object>;
    /** The ARN of its permissions boundary. */
    boundary?: string;
    /** Names of instance profiles that hold it. */
    profiles?: string[];
    /** Where IAM saw it used last. */
    lastUsedIn?: string;
}

export interface Instance {
    id: string;
    region?: string;
    /** The name of its instance profile. */
    profile?: string;
    state?: string;
    /** As EC2 writes it. */
    launchTime?: string;
    tags?: Record<string, string>;
    subnetId?: string;
    securityGroupIds?: string[];
}

export interface Account {
    roles?: Record<string, Role>;
    instances?: Instance[];
    /** Documents of managed policies by ARN; `version` defaults to v1. */
    policies?: Record<string, { document: object; version?: string }>;
    regions?: string[];
}

export const CNI_POLICY = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";

export function profileArn(name: string): string {
    return `arn:aws:iam::${ACCOUNT}:instance-profile/nodes/${name}`;
}

/** The responses of IAM and EC2 to reads of this account. Tests may change the object in between. */
export function account(of: Account): Answers {
    const role = (call: AwsCall, answer: (name: string, role: Role) => unknown) => {
        const name = call.parameters["RoleName"] ?? "";
        const found = of.roles?.[name];
        return found === undefined ? noSuchRole(name) : answer(name, found);
    };
    const policy = (call: AwsCall, answer: (arn: string, document: object, version: string) => unknown) => {
        const arn = call.parameters["PolicyArn"] ?? "";
        const { document, version = "v1" } = of.policies?.[arn] ?? {};
        return document === undefined
            ? new AwsFailure("NoSuchEntity", `Policy ${arn} was not found.`, 404)
            : answer(arn, document, version);
    };
    return {
        "sts:GetCallerIdentity": () => ({ Account: ACCOUNT, Arn: "arn", UserId: "id" }),
        "iam:GetRole": (call) =>
            role(call, (name, { lastUsedIn, boundary }) => ({
                Role: {
                    RoleName: name,
                    RoleId: `AROA${name}`,
                    Path: "/",
                    Arn: "arn",
                    ...(boundary !== undefined && {
                        PermissionsBoundary: { PermissionsBoundaryArn: boundary, PermissionsBoundaryType: "Policy" },
                    }),
                    RoleLastUsed: {
                        ...(lastUsedIn !== undefined && { LastUsedDate: "2026-11-01T10:00:00Z", Region: lastUsedIn }),
                    },
                },
            })),
        "iam:ListAttachedRolePolicies": (call) =>
            role(call, (_, { attached = [] }) =>
                paged(
                    call,
                    "AttachedPolicies",
                    attached.map((PolicyArn) => ({ PolicyArn })),
                ),
            ),
        "iam:ListRolePolicies": (call) =>
            role(call, (_, { inline = {} }) => paged(call, "PolicyNames", Object.keys(inline))),
        "iam:GetRolePolicy": (call) =>
            role(call, (_, { inline = {} }) => ({
                PolicyDocument: encoded(inline[call.parameters["PolicyName"] ?? ""] ?? {}),
            })),
        "iam:GetPolicy": (call) => policy(call, (Arn, _, DefaultVersionId) => ({ Policy: { Arn, DefaultVersionId } })),
        "iam:GetPolicyVersion": (call) =>
            policy(call, (_, document) => ({ PolicyVersion: { Document: encoded(document), VersionId: "v" } })),
        "iam:GetInstanceProfile": (call) => {
            const name = call.parameters["InstanceProfileName"] ?? "";
            const holder = Object.entries(of.roles ?? {}).find(([, { profiles = [] }]) => profiles.includes(name));
            const Roles = holder === undefined ? [] : [{ RoleName: holder[0] }];
            return { InstanceProfile: { InstanceProfileName: name, Arn: profileArn(name), Roles } };
        },
        "iam:ListInstanceProfilesForRole": (call) =>
            role(call, (_, { profiles = [] }) =>
                paged(
                    call,
                    "InstanceProfiles",
                    profiles.map((name) => ({ Arn: profileArn(name) })),
                ),
            ),
        "ec2:DescribeRegions": () => ({
            regionInfo: (of.regions ?? [REGION]).map((regionName) => ({ regionName })),
        }),
        "ec2:DescribeInstances": (call) => {
            const found = (of.instances ?? []).filter(
                (one) => (one.region ?? REGION) === call.region && matchesFilters(one, call.parameters),
            );
            // Two per page, whatever the call asks for.
            const from = Number(call.parameters["NextToken"] ?? 0);
            return {
                reservationSet: found
                    .slice(from, from + 2)
                    .map((one) => ({ instancesSet: [instanceDescription(one)] })),
                ...(from + 2 < found.length && { nextToken: String(from + 2) }),
            };
        },
    };
}

export function noSuchRole(name: string): AwsFailure {
    return new AwsFailure("NoSuchEntity", `The role with name ${name} cannot be found.`, 404);
}

/** One per page, so that code that reads only the first page misses the rest. */
function paged(call: AwsCall, list: string, all: unknown[]): object {
    const at = Number(call.parameters["Marker"] ?? 0);
    const more = at + 1 < all.length;
    return { [list]: all.slice(at, at + 1), IsTruncated: more, ...(more && { Marker: String(at + 1) }) };
}

function encoded(document: object): string {
    return encodeURIComponent(JSON.stringify(document));
}

function matchesFilters(instance: Instance, parameters: Record<string, string>): boolean {
    const seen: Record<string, string> = {
        "instance-id": instance.id,
        "instance-state-name": instance.state ?? "running",
        "iam-instance-profile.arn": instance.profile === undefined ? "" : profileArn(instance.profile),
    };
    const filters = Object.entries(parameters).filter(([name]) => /^Filter\.\d+\.Name$/.test(name));
    return filters.every(([key, name]) => {
        const values = Object.entries(parameters).filter(([other]) => other.startsWith(key.replace("Name", "Value.")));
        return values.some(([, value]) => value === seen[name]);
    });
}

function instanceDescription({
    id,
    profile,
    state = "running",
    launchTime,
    tags = {},
    subnetId,
    securityGroupIds,
}: Instance): object {
    return {
        instanceId: id,
        instanceState: { name: state },
        ...(launchTime !== undefined && { launchTime }),
        ...(profile !== undefined && { iamInstanceProfile: { arn: profileArn(profile), id: `AIPA${profile}` } }),
        ...(subnetId !== undefined && { subnetId }),
        ...(securityGroupIds !== undefined && { groupSet: securityGroupIds.map((groupId) => ({ groupId })) }),
        tagSet: Object.entries(tags).map(([key, value]) => ({ key, value })),
        networkInterfaceSet: [
            {
                networkInterfaceId: `eni-second-of-${id}`,
                subnetId: "subnet-2",
                attachment: { attachmentId: "eni-attach-2", deviceIndex: 1 },
            },
            {
                networkInterfaceId: `eni-of-${id}`,
                subnetId: "subnet-1",
                groupSet: [{ groupId: "sg-1" }, { groupId: "sg-2" }],
                attachment: { attachmentId: "eni-attach-1", deviceIndex: 0 },
            },
        ],
    };
}

/** The same account, without an answer about instances: that of the proof stays. */
export function rolesAlone(of: Account): Answers {
    return Object.fromEntries(Object.entries(account(of)).filter(([action]) => action !== "ec2:DescribeInstances"));
}
