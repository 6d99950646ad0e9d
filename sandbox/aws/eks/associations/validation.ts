import { AwsError } from "../../errors";
import type { IamState } from "../../iam/state";
import type { ChangeableParts, CreateAssociation } from "./association";

export interface Account {
    readonly accountId: string;
    /** IAM as EKS reads it. A role that was just created may be missing. */
    readonly visible: () => IamState;
}

/** botocore's model of EKS (service-2.json), TagMap. */
const maxTags = 50;

/** Refuses CreatePodIdentityAssociation by its parameters and by the role. */
export function createRefusal(asked: CreateAssociation, account: Account): AwsError | undefined {
    const missing = (["namespace", "serviceAccount", "roleArn"] as const).find((name) => asked[name] === undefined);
    if (missing !== undefined) {
        return invalidParameter(`${missing}: value is a required property.`);
    }
    const empty = (["namespace", "serviceAccount"] as const).find((name) => asked[name] === "");
    if (empty !== undefined) {
        return invalidParameter(`${empty}: must not be empty.`);
    }
    const tags = Object.keys(asked.tags ?? {}).length;
    return tags > maxTags
        ? invalidParameter(`tags: must have at most ${maxTags} entries, and has ${tags}.`)
        : partsRefusal(asked, asked, account);
}

/**
 * Refuses UpdatePodIdentityAssociation.
 *
 * "You must change at least one of these in an update": the role, the target role, the session policy or whether session tags are disabled
 * (https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdatePodIdentityAssociation.html). That a part with its former value is no
 * error is inferred.
 */
export function updateRefusal(before: ChangeableParts, asked: ChangeableParts, account: Account): AwsError | undefined {
    const { roleArn, targetRoleArn, disableSessionTags, policy } = asked;
    return [roleArn, targetRoleArn, disableSessionTags, policy].every((part) => part === undefined)
        ? invalidParameter(
              "An update must change at least one of roleArn, targetRoleArn, disableSessionTags and policy.",
          )
        : partsRefusal(asked, { ...before, ...asked }, account);
}

/** The words of these refusals are not known from a source, but for those of roles. */
function invalidParameter(message: string): AwsError {
    return new AwsError("InvalidParameterException", message, 400);
}

function partsRefusal(asked: ChangeableParts, after: ChangeableParts, account: Account): AwsError | undefined {
    if (asked.roleArn !== undefined) {
        const refusal = roleRefusal(asked.roleArn, account);
        if (refusal) {
            return refusal;
        }
    }
    if (asked.targetRoleArn && !/^arn:[\w-]+:iam::\d{12}:role\/./.test(asked.targetRoleArn)) {
        return invalidParameter("targetRoleArn: must be the ARN of a role.");
    }
    // "When using this policy, disableSessionTags must be set to true": API_CreatePodIdentityAssociation.html.
    return after.policy && after.disableSessionTags !== true
        ? invalidParameter("policy: disableSessionTags must be true when a policy is specified.")
        : undefined;
}

/**
 * EKS looks at the role itself: that it is of this account (https://github.com/eksctl-io/eksctl/issues/8718, with an empty role), that it
 * exists (terraform-provider-aws internal/service/eks/pod_identity_association.go, "Role provided in the request does not exist"), and that
 * its trust policy has the service (https://github.com/hashicorp/terraform-provider-aws/issues/41483, with a policy for web identity; the
 * whole message: https://github.com/aws/aws-cdk/issues/31522). What else makes a trust policy invalid here is not known from a source: this
 * stand-in wants a statement that allows the service sts:AssumeRole, whatever its conditions.
 */
function roleRefusal(roleArn: string, { accountId, visible }: Account): AwsError | undefined {
    if (/^arn:[\w-]+:iam::(\d{12}):role\/./.exec(roleArn)?.[1] !== accountId) {
        return new AwsError("AccessDeniedException", "Cross-account pass role is not allowed.", 403);
    }
    const role = Object.values(visible().roles).find(({ arn }) => arn === roleArn);
    if (role === undefined) {
        return invalidParameter("Role provided in the request does not exist.");
    }
    return trustsService(role.trustPolicy)
        ? undefined
        : invalidParameter(
              "Trust policy of the role provided is invalid. Follow the official documentation to resolve the issue.",
          );
}

interface Statement {
    readonly Effect?: string;
    readonly Principal?: string | { readonly Service?: string | readonly string[] };
    readonly Action?: string | readonly string[];
}

function trustsService(trustPolicy: string): boolean {
    const { Statement = [] } = JSON.parse(trustPolicy) as { Statement?: Statement | Statement[] };
    return [Statement].flat().some(({ Effect, Principal, Action = [] }) => {
        const services = typeof Principal === "object" ? [Principal.Service ?? []].flat() : [];
        const actions = [Action].flat().map((action) => action.toLowerCase());
        const assumes = actions.some((action) => ["sts:assumerole", "sts:*", "*"].includes(action));
        return Effect === "Allow" && assumes && services.includes("pods.eks.amazonaws.com");
    });
}
