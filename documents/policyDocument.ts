/** The parts of the IAM policy grammar that this package writes: exact operators, and no Not elements. */
export interface PolicyDocument {
    Version: "2012-10-17";
    Statement: PolicyStatement[];
}

export interface PolicyStatement {
    Effect: "Allow";
    Principal?: { Federated?: string; Service?: string };
    Action: string | string[];
    Resource?: string | string[];
    Condition?: { StringEquals: Record<string, string> };
}

/**
 * The size of a document as IAM counts it for its quotas: in characters, without white space.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html ("IAM doesn't count white space")
 */
export function policySize(document: PolicyDocument): number {
    return JSON.stringify(document).replace(/\s/g, "").length;
}
