import type { AwsResponse } from "../protocol";

type Parameters = Readonly<Record<string, string>>;

export interface Read {
    readonly action: string;
    readonly parameters: Parameters;
}

const ofRole = [
    "GetRole",
    "ListAttachedRolePolicies",
    "ListRolePolicies",
    "ListRoleTags",
    "ListInstanceProfilesForRole",
];
const ofPolicy = ["GetPolicy", "ListPolicyVersions", "ListEntitiesForPolicy", "ListPolicyTags"];

/** The reads that a write affects, in the form in which SDKs send them (without paging parameters). */
export function readsChangedBy(parameters: Parameters): Read[] {
    const role = parameters.RoleName;
    const policy = parameters.PolicyArn;
    const provider = parameters.OpenIDConnectProviderArn;
    const profile = parameters.InstanceProfileName;
    const policyName = parameters.PolicyName;
    const versionId = parameters.VersionId;
    return [
        ...(role ? [...ofRole.map((action) => ({ action, parameters: { RoleName: role } })), all("ListRoles")] : []),
        ...(role && policyName
            ? [{ action: "GetRolePolicy", parameters: { RoleName: role, PolicyName: policyName } }]
            : []),
        ...(policy
            ? [...ofPolicy.map((action) => ({ action, parameters: { PolicyArn: policy } })), all("ListPolicies")]
            : []),
        ...(policy && versionId
            ? [{ action: "GetPolicyVersion", parameters: { PolicyArn: policy, VersionId: versionId } }]
            : []),
        ...(provider
            ? [
                  { action: "GetOpenIDConnectProvider", parameters: { OpenIDConnectProviderArn: provider } },
                  all("ListOpenIDConnectProviders"),
              ]
            : []),
        ...(profile ? [{ action: "GetInstanceProfile", parameters: { InstanceProfileName: profile } }] : []),
    ];
}

const notPartOfKey = new Set(["Action", "Version", "MaxItems", "Marker"]);

function all(action: string): Read {
    return { action, parameters: {} };
}

/**
 * Holds the former answers of reads until a write becomes visible. Of several held answers for one read, the oldest
 * that is still valid is the state as of now minus the delay.
 */
export class HeldAnswers {
    private held: { key: string; until: number; answer: AwsResponse }[] = [];

    constructor(private readonly now: () => number = Date.now) {}

    hold(read: Read, answer: AwsResponse, until: number): void {
        this.held.push({ key: keyOf(read), until, answer });
    }

    /** Makes everything visible now. */
    clear(): void {
        this.held = [];
    }

    find(read: Read): AwsResponse | undefined {
        const now = this.now();
        this.held = this.held.filter(({ until }) => until > now);
        const key = keyOf(read);
        return this.held.find((held) => held.key === key)?.answer;
    }
}

/** Ignores paging: an account of a sandbox fits on one page. */
function keyOf(read: Read): string {
    const rest = Object.entries(read.parameters).filter(([name]) => !notPartOfKey.has(name));
    return JSON.stringify([read.action, ...rest.sort(([a], [b]) => a.localeCompare(b))]);
}
