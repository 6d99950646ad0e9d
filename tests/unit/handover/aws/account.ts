import { ACCOUNT, Answers, Asked, AwsFailure, REGION } from "./answerer";

export interface Role {
    /** By ARN. */
    attached?: string[];
    inline?: Record<string, object>;
    /** Names of instance profiles that hold it. */
    profiles?: string[];
}

export interface Instance {
    id: string;
    region?: string;
    /** The name of its instance profile. */
    profile?: string;
    state?: string;
    tags?: Record<string, string>;
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

/** An account that answers reads as IAM and EC2 do. The object may be changed while it is used. */
export function account(of: Account): Answers {
    const role = (asked: Asked, answer: (name: string, role: Role) => unknown) => {
        const name = asked.parameters["RoleName"] ?? "";
        const found = of.roles?.[name];
        return found === undefined ? noSuchRole(name) : answer(name, found);
    };
    const policy = (asked: Asked, answer: (arn: string, document: object, version: string) => unknown) => {
        const arn = asked.parameters["PolicyArn"] ?? "";
        const { document, version = "v1" } = of.policies?.[arn] ?? {};
        return document === undefined
            ? new AwsFailure("NoSuchEntity", `Policy ${arn} was not found.`, 404)
            : answer(arn, document, version);
    };
    return {
        "sts:GetCallerIdentity": () => ({ Account: ACCOUNT, Arn: "arn", UserId: "id" }),
        "iam:GetRole": (asked) =>
            role(asked, (name) => ({ Role: { RoleName: name, RoleId: `AROA${name}`, Path: "/", Arn: "arn" } })),
        "iam:ListAttachedRolePolicies": (asked) =>
            role(asked, (_, { attached = [] }) =>
                paged(
                    asked,
                    "AttachedPolicies",
                    attached.map((PolicyArn) => ({ PolicyArn })),
                ),
            ),
        "iam:ListRolePolicies": (asked) =>
            role(asked, (_, { inline = {} }) => paged(asked, "PolicyNames", Object.keys(inline))),
        "iam:GetRolePolicy": (asked) =>
            role(asked, (_, { inline = {} }) => ({
                PolicyDocument: encoded(inline[asked.parameters["PolicyName"] ?? ""] ?? {}),
            })),
        "iam:GetPolicy": (asked) =>
            policy(asked, (Arn, _, DefaultVersionId) => ({ Policy: { Arn, DefaultVersionId } })),
        "iam:GetPolicyVersion": (asked) =>
            policy(asked, (_, document) => ({ PolicyVersion: { Document: encoded(document), VersionId: "v" } })),
        "iam:GetInstanceProfile": (asked) => {
            const name = asked.parameters["InstanceProfileName"] ?? "";
            const holder = Object.entries(of.roles ?? {}).find(([, { profiles = [] }]) => profiles.includes(name));
            const Roles = holder === undefined ? [] : [{ RoleName: holder[0] }];
            return { InstanceProfile: { InstanceProfileName: name, Arn: profileArn(name), Roles } };
        },
        "iam:ListInstanceProfilesForRole": (asked) =>
            role(asked, (_, { profiles = [] }) =>
                paged(
                    asked,
                    "InstanceProfiles",
                    profiles.map((name) => ({ Arn: profileArn(name) })),
                ),
            ),
        "ec2:DescribeRegions": () => ({
            regionInfo: (of.regions ?? [REGION]).map((regionName) => ({ regionName })),
        }),
        "ec2:DescribeInstances": (asked) => {
            const found = (of.instances ?? []).filter(
                (one) => (one.region ?? REGION) === asked.region && matchesFilters(one, asked.parameters),
            );
            // Two to a page, whatever is asked for.
            const from = Number(asked.parameters["NextToken"] ?? 0);
            return {
                reservationSet: found.slice(from, from + 2).map((one) => ({ instancesSet: [described(one)] })),
                ...(from + 2 < found.length && { nextToken: String(from + 2) }),
            };
        },
    };
}

export function noSuchRole(name: string): AwsFailure {
    return new AwsFailure("NoSuchEntity", `The role with name ${name} cannot be found.`, 404);
}

/** One to a page, so that whoever reads one page only misses the rest. */
function paged(asked: Asked, list: string, all: unknown[]): object {
    const at = Number(asked.parameters["Marker"] ?? 0);
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

function described({ id, profile, state = "running", tags = {} }: Instance): object {
    return {
        instanceId: id,
        instanceState: { name: state },
        ...(profile !== undefined && { iamInstanceProfile: { arn: profileArn(profile), id: `AIPA${profile}` } }),
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
