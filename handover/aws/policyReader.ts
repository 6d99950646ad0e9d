import { parsePolicyArn } from "../../documents/arn";
import { cniGrants } from "../../documents/cniGrants";
import { managedCniPolicyArn } from "../../documents/cniPermissions";
import { memoizeByKey } from "../async/memoize";
import type { CniPolicySeen } from "../model/world";
import type { Clients } from "./awsClients";
import { codeOf } from "./awsErrors";

type IpFamily = "ipv4" | "ipv6";

/** Reads policies of a role and judges them by their content. */
export interface PolicyReader {
    /** Undefined: it has nothing of the CNI's, or is gone. */
    managed(arn: string, ipFamily: IpFamily): Promise<CniPolicySeen | undefined>;
    /** Whether an inline policy of a role grants something of the CNI's. */
    inline(roleName: string, policyName: string, ipFamily: IpFamily): Promise<boolean>;
}

/** A version of a policy never changes, so it is read once in a run; nor does AWS change its own policies while one lasts. */
export function policyReader(clients: Clients): PolicyReader {
    const defaultVersion = async (PolicyArn: string): Promise<string> => {
        const { GetPolicyCommand } = await import("@aws-sdk/client-iam");
        const { Policy } = await (await clients.iam()).send(new GetPolicyCommand({ PolicyArn }));
        return Policy?.DefaultVersionId ?? "";
    };
    const versionOfAws = memoizeByKey(defaultVersion);
    const document = memoizeByKey(async (version: string): Promise<unknown> => {
        const [PolicyArn = "", VersionId = ""] = version.split(" ");
        const { GetPolicyVersionCommand } = await import("@aws-sdk/client-iam");
        const command = new GetPolicyVersionCommand({ PolicyArn, VersionId });
        const { PolicyVersion } = await (await clients.iam()).send(command);
        return decoded(PolicyVersion?.Document);
    });
    return {
        managed: async (arn, ipFamily) => {
            const { partition = "", owner } = parsePolicyArn(arn) ?? {};
            if (arn === managedCniPolicyArn(partition)) {
                return { arn, kind: "cni", sufficient: ipFamily === "ipv4" };
            }
            const isOfAws = owner === "aws";
            const version = isOfAws ? versionOfAws : defaultVersion;
            const found = await unlessGone(async () => document(`${arn} ${await version(arn)}`));
            const { grants, broad, sufficient } = cniGrants(found, ipFamily);
            return grants ? { arn, kind: isOfAws || broad ? "broad" : "cni", sufficient } : undefined;
        },
        inline: async (RoleName, PolicyName, ipFamily) => {
            const { GetRolePolicyCommand } = await import("@aws-sdk/client-iam");
            const command = new GetRolePolicyCommand({ RoleName, PolicyName });
            const answer = await unlessGone(async () => (await clients.iam()).send(command));
            return cniGrants(decoded(answer?.PolicyDocument), ipFamily).grants;
        },
    };
}

/** What was there in a list a moment ago may be gone. */
export async function unlessGone<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
        return await read();
    } catch (error) {
        if (codeOf(error) === "NoSuchEntity") {
            return undefined;
        }
        throw error;
    }
}

/** IAM answers with documents in URL encoding: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyVersion.html */
function decoded(document: string | undefined): unknown {
    return document === undefined ? undefined : JSON.parse(decodeURIComponent(document));
}
