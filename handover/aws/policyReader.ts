import { parsePolicyArn } from "../../documents/arn";
import { MANAGED_CNI_POLICY } from "../../documents/cniActions";
import { cniGrants } from "../../documents/cniGrants";
import type { PolicyRead } from "../../documents/nodeBoot";
import { managedCniPolicyArn } from "../../documents/cniPermissions";
import { memoizeByKey } from "../async/memoize";
import type { CniPolicySeen, InlineCniPolicySeen } from "../model/world";
import type { Clients } from "./awsClients";
import { errorCodeOf } from "./awsErrors";
import type { RolePolicies } from "./rolePolicies";

type IpFamily = "ipv4" | "ipv6";

/** Reads the policies of a role. */
export interface PolicyReader {
    /** A managed policy. AmazonEKS_CNI_Policy is known, and not read. */
    read(arn: string): Promise<PolicyRead>;
    /** The document of a managed policy, in the version that is in force. Undefined if the policy does not exist. */
    document(arn: string): Promise<unknown>;
    /** The document of an inline policy of a role. Undefined if the policy does not exist. */
    inlineDocument(roleName: string, policyName: string): Promise<unknown>;
}

/** The policies of a role, as they are read. */
export async function readPolicies(
    reader: PolicyReader,
    roleName: string,
    { arns, inline }: RolePolicies,
): Promise<{ readonly attached: readonly PolicyRead[]; readonly inline: readonly PolicyRead[] }> {
    const readInline = async (name: string) => ({ name, document: await reader.inlineDocument(roleName, name) });
    const [attached, ofRole] = await Promise.all([
        Promise.all(arns.map((arn) => reader.read(arn))),
        Promise.all(inline.map(readInline)),
    ]);
    return { attached, inline: ofRole };
}

/** Reads each policy version once per run: a version never changes, and AWS managed policies hardly change during a run. */
export function policyReader(clients: Clients): PolicyReader {
    const defaultVersion = async (PolicyArn: string): Promise<string> => {
        const { GetPolicyCommand } = await import("./awsSdk");
        const { Policy } = await (await clients.iam()).send(new GetPolicyCommand({ PolicyArn }));
        return Policy?.DefaultVersionId ?? "";
    };
    const awsManagedVersion = memoizeByKey(defaultVersion);
    const document = memoizeByKey(async (version: string): Promise<unknown> => {
        const [PolicyArn = "", VersionId = ""] = version.split(" ");
        const { GetPolicyVersionCommand } = await import("./awsSdk");
        const command = new GetPolicyVersionCommand({ PolicyArn, VersionId });
        const { PolicyVersion } = await (await clients.iam()).send(command);
        return decoded(PolicyVersion?.Document);
    });
    const documentOf = (arn: string): Promise<unknown> => {
        const version = parsePolicyArn(arn)?.owner === "aws" ? awsManagedVersion : defaultVersion;
        return undefinedIfMissing(async () => document(`${arn} ${await version(arn)}`));
    };
    const inlineDocument = async (RoleName: string, PolicyName: string): Promise<unknown> => {
        const { GetRolePolicyCommand } = await import("./awsSdk");
        const command = new GetRolePolicyCommand({ RoleName, PolicyName });
        const answer = await undefinedIfMissing(async () => (await clients.iam()).send(command));
        return decoded(answer?.PolicyDocument);
    };
    return {
        document: documentOf,
        inlineDocument,
        read: async (arn) => ({ name: arn, document: isManagedCni(arn) ? MANAGED_CNI_POLICY : await documentOf(arn) }),
    };
}

/** AWS keeps it sufficient for IPv4, and the caller may not be allowed to read it. */
export function isManagedCni(arn: string): boolean {
    return arn === managedCniPolicyArn(parsePolicyArn(arn)?.partition ?? "");
}

/** Undefined if the managed policy grants no actions of the CNI, or does not exist. */
export function judgedManaged({ name: arn, document }: PolicyRead, ipFamily: IpFamily): CniPolicySeen | undefined {
    if (isManagedCni(arn)) {
        return { arn, kind: "cni", sufficient: ipFamily === "ipv4" };
    }
    const isAwsManaged = parsePolicyArn(arn)?.owner === "aws";
    const { grants, broad, sufficient } = cniGrants(document, ipFamily);
    return grants ? { arn, kind: isAwsManaged || broad ? "broad" : "cni", sufficient } : undefined;
}

/** Undefined if the inline policy grants no actions of the CNI, or does not exist. */
export function judgedInline({ name, document }: PolicyRead, ipFamily: IpFamily): InlineCniPolicySeen | undefined {
    const { grants, sufficient } = cniGrants(document, ipFamily);
    return grants ? { name, sufficient } : undefined;
}

/** Returns undefined for an entity that was deleted after it was listed. */
export async function undefinedIfMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
        return await read();
    } catch (error) {
        if (errorCodeOf(error) === "NoSuchEntity") {
            return undefined;
        }
        throw error;
    }
}

/** IAM returns documents URL-encoded: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyVersion.html */
function decoded(document: string | undefined): unknown {
    return document === undefined ? undefined : JSON.parse(decodeURIComponent(document));
}
